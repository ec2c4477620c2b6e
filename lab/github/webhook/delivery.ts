import type { App } from '../app.ts';

/** One attempt to tell an App of something, as `/app/hook/deliveries` remembers it. */
export interface Delivery {
  readonly id: number;
  /** `X-GitHub-Delivery`; redeliveries keep it. */
  readonly guid: string;
  readonly app: App;
  readonly event: string;
  readonly action: string | undefined;
  readonly installation: number | undefined;
  readonly repository: number | undefined;
  readonly redelivery: boolean;
  /** As signed and sent. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  readonly deliveredAt: string;
  /** Seconds. */
  duration: number;
  /** `OK`, `timed out`, `failed to connect to host`, `Invalid HTTP Response: 500`; empty while under way. */
  status: string;
  statusCode: number;
  response: { readonly headers: Readonly<Record<string, string>>; readonly payload: string };
}

export function succeeded(delivery: Delivery): boolean {
  return delivery.statusCode >= 200 && delivery.statusCode < 300;
}
