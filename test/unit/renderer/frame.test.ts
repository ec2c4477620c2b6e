import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { encodeFrame, FrameReader, FrameTooLarge } from '../../../src/adapters/renderer/frame.ts';

describe('frames', () => {
  test('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.array(fc.integer({ min: 1, max: 9 })),
        (texts, cuts) => {
          const stream = Buffer.concat(texts.map((text) => encodeFrame(text)));
          const reader = new FrameReader();
          const seen: string[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = cuts[turn % cuts.length] ?? stream.length;
            reader.push(stream.subarray(at, at + size));
            at += size;
            for (let text = reader.next(); text !== undefined; text = reader.next()) seen.push(text);
          }
          expect(seen).toEqual(texts);
          expect(reader.next()).toBeUndefined();
        },
      ),
    );
  });

  test('over the limit are refused by their header alone', () => {
    const reader = new FrameReader(10);
    reader.push(encodeFrame('12345678901').subarray(0, 4));
    expect(() => reader.next()).toThrow(FrameTooLarge);
    expect(() => encodeFrame('é'.repeat(6), 10)).toThrow(FrameTooLarge);
  });

  test('of exactly the limit pass', () => {
    const reader = new FrameReader(10);
    reader.push(encodeFrame('1234567890', 10));
    expect(reader.next()).toBe('1234567890');
  });
});
