// What the embedded store's thread, its owner and those at its doors say to each other.
import type { MessagePort } from 'node:worker_threads';

export interface ThreadSettings {
  /** Folder of the database. */
  readonly data: string;
  readonly lock: { readonly folder: string; readonly token: string };
}

export type ThreadRequest =
  | {
      readonly type: 'query';
      readonly id: number;
      readonly text: string;
      readonly params: readonly unknown[] | undefined;
    }
  /** Whoever has the other end may query as well. The owner's alone, like the next. */
  | { readonly type: 'door'; readonly port: MessagePort }
  | { readonly type: 'close' };

export interface ThreadFailure {
  readonly message: string;
  /** SQLSTATE and detail, which BullMQ reads. */
  readonly code: string | undefined;
  readonly detail: string | undefined;
}

export type ThreadAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly id: number; readonly rows: readonly unknown[]; readonly rowCount: number }
  | { readonly type: 'failure'; readonly id: number; readonly failure: ThreadFailure }
  | { readonly type: 'notification'; readonly channel: string; readonly payload: string }
  /** Another process holds the folder's lock: nothing more is written. */
  | { readonly type: 'lost' }
  | { readonly type: 'closed' };

/** What is heard at a door. */
export type DoorAnswer = Extract<ThreadAnswer, { type: 'result' | 'failure' | 'notification' }>;
