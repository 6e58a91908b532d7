/** Who is typing in and looking at a conversation: ephemeral, forgotten by itself. */
import { SvelteMap } from 'svelte/reactivity';
import type { Id, Signal } from '@centralita/sdk';

/** How long a `typing` and a `viewing` signal stays true without a new one, in ms. */
const TYPING_MS = 6_000;
const VIEWING_MS = 30_000;

interface Typist { name: string; type: string; until: number }

class Signals {
  readonly #typing = new SvelteMap<Id, Map<string, Typist>>();
  readonly #viewing = new SvelteMap<Id, { userIds: Id[]; until: number }>();

  receive(signal: Signal, now: number): void {
    if (signal.type === 'typing') this.#type(signal.data, now);
    else if (signal.type === 'viewing') {
      this.#viewing.set(signal.data.conversation_id, { userIds: signal.data.user_ids, until: now + VIEWING_MS });
    }
  }

  /** Names of those typing at `now`; the customer counts too. */
  typists(conversationId: Id, now: number): Typist[] {
    const all = this.#typing.get(conversationId);
    return all ? [...all.values()].filter((typist) => typist.until > now) : [];
  }

  viewers(conversationId: Id, now: number, me: Id): Id[] {
    const row = this.#viewing.get(conversationId);
    return row && row.until > now ? row.userIds.filter((id) => id !== me) : [];
  }

  clear(): void {
    this.#typing.clear();
    this.#viewing.clear();
  }

  #type(data: { conversation_id: Id; actor: { id: Id | null; name: string | null; type: string }; is_on: boolean }, now: number): void {
    const all = new Map(this.#typing.get(data.conversation_id));
    const key = data.actor.id ?? data.actor.type;
    if (data.is_on) all.set(key, { name: data.actor.name ?? '', type: data.actor.type, until: now + TYPING_MS });
    else all.delete(key);
    this.#typing.set(data.conversation_id, all);
  }
}

export const signals = new Signals();
