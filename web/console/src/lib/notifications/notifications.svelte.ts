/** What happened to me while I looked elsewhere: mentions, assignments, warnings. Loaded once, then fed by events. */
import type { Id, Notification } from '@centralita/sdk';
import { connection } from '$lib/live/connection.svelte';
import { api } from '$lib/session/api';

/** Most that are kept in the page. */
const MAX = 50;

class Notifications {
  items = $state.raw<readonly Notification[]>([]);
  /** False where the server knows no notifications. */
  isKnown = $state(true);

  get unreadCount(): number {
    return this.items.filter((one) => one.read_at === null).length;
  }

  /** Loads, and follows events until the returned function is called. */
  follow(): () => void {
    void this.load();
    return connection.listen({
      events: (events) => {
        for (const event of events) if (event.type === 'notification.created') this.#put(event.data.notification);
      },
      resync: () => void this.load(),
    });
  }

  async load(): Promise<void> {
    try {
      this.items = (await api.notifications({ limit: MAX })).items;
    } catch {
      this.isKnown = false;
    }
  }

  /** Everything seen: said at once here, and to the server up to the newest. */
  async readAll(): Promise<void> {
    const newest = this.items[0];
    if (!newest || this.unreadCount === 0) return;
    const before = this.items;
    const now = new Date().toISOString();
    this.items = this.items.map((one) => ({ ...one, read_at: one.read_at ?? now }));
    await api.readNotifications(newest.id).catch(() => (this.items = before));
  }

  /** Forgets everything of this person. */
  clear(): void {
    this.items = [];
    this.isKnown = true;
  }

  has(id: Id): boolean {
    return this.items.some((one) => one.id === id);
  }

  #put(row: Notification): void {
    if (!this.has(row.id)) this.items = [row, ...this.items].slice(0, MAX);
  }
}

export const notifications = new Notifications();
