// The framing of Git's wire protocol: https://git-scm.com/docs/gitprotocol-common#_pkt_line_format

export const flush = '0000';
export const delimiter = '0001';

/** `000ahello\n` of `hello` */
export function pktLine(text: string): string {
  const length = Buffer.byteLength(text) + 5;
  return `${length.toString(16).padStart(4, '0')}${text}\n`;
}

/** One packet: its bytes, or what stands between sections. */
export type Packet = Uint8Array | 'flush' | 'delimiter';

const noise = { '0000': 'flush', '0001': 'delimiter' } as const;

/** Splits a body into packets. @throws Error where it ends within one, or a length is none */
export async function* packetsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Packet, void> {
  let kept: Buffer = Buffer.alloc(0);
  for await (const part of body) {
    kept = kept.length === 0 ? Buffer.from(part) : Buffer.concat([kept, part]);
    let at = 0;
    while (kept.length - at >= 4) {
      const digits = kept.toString('latin1', at, at + 4);
      if (digits === '0000' || digits === '0001') {
        yield noise[digits];
        at += 4;
        continue;
      }
      const length = /^[0-9a-f]{4}$/.test(digits) ? Number.parseInt(digits, 16) : 0;
      if (length < 4) throw new Error('a packet without a length');
      if (kept.length - at < length) break;
      yield kept.subarray(at + 4, at + length);
      at += length;
    }
    kept = kept.subarray(at);
  }
  if (kept.length > 0) throw new Error('the answer ends within a packet');
}
