/**
 * What the widget keeps on the visitor's device. Nothing is written before the first message.
 *
 * - `centralita:{widget key}` the session: visitor token, visitor id, pre-chat answers.
 * - `centralita:{widget key}:{visitor}:{client_message_id}` one unsent message each, so that tabs never overwrite
 *   each other's list. `new` stands for a visitor the server does not know yet.
 *
 * Where storage is forbidden or full, everything lives in memory: sending works, only a reload forgets.
 */
import { isStorable, type Item } from './outbox.ts';

export const NEW_VISITOR = 'new';

/** What is known of the visitor across reloads. */
export interface Saved {
  readonly token: string | null;
  readonly visitor: string;
  readonly prechat?: Readonly<Record<string, string>> | null;
}

export class Vault {
  readonly #root: string;
  readonly #memory = new Map<string, string>();

  constructor(widgetKey: string) {
    this.#root = 'centralita:' + widgetKey;
  }

  /** `null` when nothing was ever written here. */
  session(): Saved | null {
    return this.#read<Saved>(this.#root);
  }

  saveSession(saved: Saved): void {
    this.#write(this.#root, saved);
  }

  /** The unsent messages of `visitor`, in no particular order. */
  items(visitor: string): Item[] {
    const prefix = this.#prefix(visitor);
    return this.#keys()
      .filter((key) => key.startsWith(prefix))
      .map((key) => this.#read<Item>(key))
      .filter((item) => !!item?.id) as Item[];
  }

  saveItem(visitor: string, item: Item): void {
    if (isStorable(item)) this.#write(this.#prefix(visitor) + item.id, item);
  }

  dropItem(visitor: string, id: string): void {
    this.#remove(this.#prefix(visitor) + id);
  }

  /** Forgets the visitor on this device: the session and every unsent message. */
  clear(): void {
    for (const key of this.#keys()) if (this.owns(key)) this.#remove(key);
  }

  /** Whether a `storage` event is about this widget; a `null` key means that all was cleared. */
  owns(key: string | null): boolean {
    return key === null || key === this.#root || key.startsWith(this.#root + ':');
  }

  #prefix(visitor: string): string {
    return `${this.#root}:${visitor}:`;
  }

  #keys(): string[] {
    try {
      return [...new Set([...Object.keys(localStorage), ...this.#memory.keys()])];
    } catch {
      return [...this.#memory.keys()];
    }
  }

  #read<T>(key: string): T | null {
    try {
      return JSON.parse(this.#memory.get(key) ?? localStorage.getItem(key) ?? 'null') as T | null;
    } catch {
      return null;
    }
  }

  #write(key: string, value: unknown): void {
    const text = JSON.stringify(value);
    try {
      localStorage.setItem(key, text);
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, text);
    }
  }

  #remove(key: string): void {
    this.#memory.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      // Storage is forbidden here, so nothing of ours is in it.
    }
  }
}
