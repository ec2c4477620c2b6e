// Whether a body comes from GitHub.
// https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * True when `header` (`sha256=<64 hex>`) is the body's HMAC with one of the secrets. Works on the bytes as they came,
 * takes the same time whatever differs, and tries every secret whichever fits.
 */
export function signedBy(secrets: readonly string[], body: Uint8Array, header: string): boolean {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(header)?.[1];
  if (hex === undefined) return false;
  const given = Buffer.from(hex, 'hex');
  let fits = false;
  for (const secret of secrets) {
    const own = createHmac('sha256', secret).update(body).digest();
    if (timingSafeEqual(own, given)) fits = true;
  }
  return fits;
}
