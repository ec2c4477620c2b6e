import type { App, Installation } from '../app.ts';
import type { Contract } from '../contract.ts';
import { fullName } from '../repository.ts';
import { userShape } from '../shape/account.ts';
import { placeShape } from '../shape/repository.ts';
import { nodeId } from '../shape/account.ts';
import type { World } from '../world.ts';
import { type Announcement, neededFor } from './announcement.ts';
import { type Message, newGuid, postDelivery, recordDelivery } from './post.ts';
import type { Delivery } from './delivery.ts';

/** Tells Apps what happened: in the background, in no order to rely on, once and never again by itself. */
export class Hooks {
  readonly #world: World;
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  /** Held back until the next one to the same App is out. */
  readonly #held = new Map<number, (() => void)[]>();

  readonly #contract: Contract | undefined;

  constructor(world: World, contract?: Contract) {
    this.#world = world;
    this.#contract = contract;
    world.onAnnounce((announcement) => this.announce(announcement));
  }

  /** Deliveries not yet answered. */
  get busy(): number {
    return this.#underWay.size;
  }

  announce(announcement: Announcement): void {
    for (const { app, installation } of this.#audience(announcement)) {
      if (app.webhook === undefined) continue;
      const place = announcement.repository;
      const payload = {
        ...(announcement.action !== undefined && { action: announcement.action }),
        ...announcement.payload,
        ...(place !== undefined && placeShape(this.#world, place)),
        sender: userShape(this.#world, announcement.sender),
        ...(place !== undefined &&
          installation !== undefined && {
            installation: { id: installation, node_id: nodeId('Installation', installation) },
          }),
      };
      this.#send(
        {
          app,
          event: announcement.event,
          action: announcement.action,
          installation,
          repository: place?.id,
          body: JSON.stringify(payload),
          guid: newGuid(),
          redelivery: false,
        },
        place === undefined ? undefined : fullName(place),
      );
    }
  }

  /** Sends a recorded delivery again, signed anew, under the same GUID. */
  redeliver(delivery: Delivery): void {
    const { app, event, action, installation, repository, body, guid } = delivery;
    void this.#post({ app, event, action, installation, repository, body, guid, redelivery: true });
  }

  /** GitHub's greeting to a new hook. */
  ping(app: App): void {
    const { webhook } = app;
    if (webhook === undefined) return;
    const api = `${this.#world.addresses.api}/app/hook`;
    const hook = {
      type: 'App',
      id: app.id,
      name: 'web',
      active: true,
      app_id: app.id,
      events: app.events,
      config: { content_type: 'json', url: webhook.url, insecure_ssl: '0', secret: '********' },
      updated_at: app.createdAt,
      created_at: app.createdAt,
      url: `${api}/config`,
      ping_url: `${api}/pings`,
      deliveries_url: `${api}/deliveries`,
    };
    const body = JSON.stringify({ zen: 'Keep it logically awesome.', hook_id: app.id, hook });
    const about = { installation: undefined, repository: undefined, redelivery: false };
    this.#send({ app, event: 'ping', action: undefined, body, guid: newGuid(), ...about }, undefined);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#underWay);
  }

  #audience(announcement: Announcement): { app: App; installation: number | undefined }[] {
    const { event, repository, only } = announcement;
    if (repository === undefined) {
      return only === undefined ? [] : [{ app: only, installation: announcement.installation }];
    }
    const told = (installation: Installation): boolean => {
      if (installation.suspendedAt !== undefined || !this.#world.covers(installation, repository)) return false;
      const needed = neededFor[event];
      if (needed !== undefined && !needed.some((permission) => permission in installation.permissions)) return false;
      return only === undefined ? installation.events.includes(event) : installation.app.id === only.id;
    };
    return [...this.#world.installations.values()]
      .filter(told)
      .map((installation) => ({ app: installation.app, installation: installation.id }));
  }

  #send(message: Message, repository: string | undefined): void {
    this.#contract?.checkWebhook(message.event, message.action, message.body);
    const name = message.action === undefined ? message.event : `${message.event}.${message.action}`;
    const fault = this.#world.faults.take(
      'webhook',
      repository,
      ({ event }) => event === undefined || event === message.event || event === name,
    );
    if (fault?.kind === 'drop') return;
    if (fault?.kind === 'lose') {
      const delivery = recordDelivery(this.#world, message);
      Object.assign(delivery, { status: 'failed to connect to host', statusCode: 502 });
      this.#world.changed();
      return;
    }
    if (fault?.kind === 'delay') {
      const later = setTimeout(() => void this.#post(message), fault.ms ?? 1000);
      this.#stop.signal.addEventListener('abort', () => clearTimeout(later));
      return;
    }
    if (fault?.kind === 'reorder') {
      this.#held.set(message.app.id, [...(this.#held.get(message.app.id) ?? []), () => void this.#post(message)]);
      return;
    }
    const copies = fault?.kind === 'duplicate' ? (fault.copies ?? 1) : 0;
    const sent = this.#post(message);
    for (let copy = 0; copy < copies; copy++) void this.#post(message);
    const held = this.#held.get(message.app.id) ?? [];
    this.#held.delete(message.app.id);
    if (held.length > 0) this.#track(sent.then(() => held.forEach((release) => release())));
  }

  #post(message: Message): Promise<void> {
    const sending = postDelivery(this.#world, recordDelivery(this.#world, message), this.#stop.signal);
    this.#track(sending);
    return sending;
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => {
      this.#underWay.delete(work);
      this.#world.changed();
    });
  }
}
