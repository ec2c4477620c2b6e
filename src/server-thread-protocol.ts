// What the server's thread and its owner say to each other.
import type { MessagePort } from 'node:worker_threads';
import type { ErrorCode, ErrorKind } from './errors.ts';
import type { LogFields } from './ports/log.ts';
import type { ServerOptions } from './server.ts';

export interface ServerThreadSettings {
  readonly options: ServerOptions;
  /** Address of the queue's store. */
  readonly queue: string;
  /** The embedded store, which the owner has open. */
  readonly door?: MessagePort;
}

export type OwnerWord =
  /** To a `ping`: the owner's event loop turns. */
  { readonly type: 'pong' } | { readonly type: 'close'; readonly graceMs: number };

export type ServerWord =
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: LogFields;
    }
  | { readonly type: 'ping' }
  | { readonly type: 'listening'; readonly webhookUrl: string; readonly adminUrl: string }
  | {
      readonly type: 'failed';
      readonly code: ErrorCode;
      readonly kind: ErrorKind;
      readonly message: string;
      readonly remedy: string | undefined;
    };
