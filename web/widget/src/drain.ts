/**
 * The shell of the outbox: carries out its effects with storage, locks and timers.
 *
 * Of all tabs of this visitor only the one that holds the Web Lock sends; the others see its progress by storage
 * events. Where Web Locks are missing (plain http), tabs may send the same message twice; the server stores it once.
 */
import { EMPTY, LOCAL, step, verdict, type Effect, type Input, type Item, type Outbox } from './outbox.ts';
import type { Vault } from './storage.ts';

/** The answer of the server to one delivery. */
export type Delivery =
  | { readonly ok: true; readonly conversation: string }
  | { readonly ok: false; readonly status: number; readonly code: string; readonly max?: number; readonly retryAfterMs?: number };

export interface DrainHost {
  readonly vault: Vault;
  readonly lockName: string;
  visitor(): string;
  /** Called with the lock held and before each message; another tab may have signed in meanwhile. */
  beforeSend(): Promise<void>;
  deliver(item: Item): Promise<Delivery>;
  /** The server no longer knows the token: get a new session. */
  renewSession(): Promise<void>;
  changed(): void;
  acknowledged(local: string, conversation: string): void;
  full(): void;
}

const SETTLE_MS = 150;

export class Drain {
  box: Outbox = EMPTY;
  readonly #host: DrainHost;
  #isRunning = false;
  #wake: () => void = () => {};

  constructor(host: DrainHost) {
    this.#host = host;
  }

  apply(input: Input): readonly Effect[] {
    const [box, effects] = step(this.box, input);
    this.box = box;
    for (const effect of effects) this.#carryOut(effect);
    this.#host.changed();
    return effects;
  }

  /** Adds a message and starts sending. */
  enqueue(item: Item): void {
    this.apply({ type: 'enqueue', item });
    this.start();
  }

  /** Reads what the storage holds: after a reload, and when another tab changed it. */
  restore(): void {
    this.apply({ type: 'restore', stored: this.#host.vault.items(this.#host.visitor()), now: Date.now() });
  }

  /** Cuts short a wait between attempts: the network is back, or the visitor asked for it. */
  wake(): void {
    this.apply({ type: 'wake' });
    this.#wake();
    this.start();
  }

  /** Moves unsent messages to another visitor id. `isSame` false: that is someone else, so they are forgotten. */
  rename(from: string, to: string, isSame: boolean): void {
    const { vault } = this.#host;
    for (const item of vault.items(from)) {
      if (isSame) vault.saveItem(to, item);
      vault.dropItem(from, item.id);
    }
    if (!isSame) this.forget();
  }

  /** Drops everything that waits; what is in flight can no longer be called back. */
  forget(): void {
    this.box = EMPTY;
    this.#host.changed();
  }

  /** The conversations of a lost visitor are not the new one's: their unsent messages start new ones. */
  detach(): void {
    for (const item of this.box.items) {
      if (item.conversation.startsWith(LOCAL)) continue;
      const moved = { ...item, conversation: LOCAL + item.conversation };
      this.box = { ...this.box, items: this.box.items.map((other) => (other === item ? moved : other)) };
      this.#host.vault.saveItem(this.#host.visitor(), moved);
    }
    this.#host.changed();
  }

  /** Sends until nothing is left. Does nothing while a run is on. */
  start(): void {
    if (this.#isRunning || !this.box.items.some((item) => !item.refusal)) return;
    this.#isRunning = true;
    void this.#locked(() => this.#run()).finally(() => {
      this.#isRunning = false;
      this.start(); // Written while the last run was ending.
    });
  }

  async #locked(run: () => Promise<void>): Promise<void> {
    const asked = Date.now();
    try {
      await navigator.locks.request(this.#host.lockName, async () => {
        // What the tab before wrote to storage may still be on its way to this one's process.
        if (Date.now() - asked > 20) await this.#sleep(SETTLE_MS);
        await run();
      });
    } catch {
      await run(); // No Web Locks here: plain http, or a frame without an origin.
    }
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#host.beforeSend();
      this.restore();
      const effect = this.apply({ type: 'tick', now: Date.now() }).find(({ type }) => type === 'send' || type === 'wait');
      if (effect?.type === 'send') await this.#send(effect.item);
      else if (effect?.type === 'wait') await this.#sleep(effect.ms);
      else return;
    }
  }

  async #send(item: Item): Promise<void> {
    const answer = await this.#host.deliver(item);
    const { id } = item;
    if (answer.ok) {
      this.apply({ type: 'acknowledged', id, conversation: answer.conversation });
      this.#host.acknowledged(item.conversation, answer.conversation);
      return;
    }
    const { status, code, max, retryAfterMs } = answer;
    const what = verdict(status, code);
    if (what === 'refuse') {
      this.apply({ type: 'refused', id, refusal: max === undefined ? { code } : { code, max } });
      return;
    }
    this.apply({ type: 'failed', id, now: Date.now(), random: Math.random(), ...(retryAfterMs && { retryAfterMs }) });
    if (what === 'session') await this.#host.renewSession();
  }

  #carryOut(effect: Effect): void {
    const { vault } = this.#host;
    if (effect.type === 'save') vault.saveItem(this.#host.visitor(), effect.item);
    if (effect.type === 'drop') vault.dropItem(this.#host.visitor(), effect.id);
    if (effect.type === 'full') this.#host.full();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
