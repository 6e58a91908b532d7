/** My presence: what the server believes, and the change I asked for until it agrees. */
import { ApiError } from '@centralita/sdk';
import type { PresenceStatus } from '@centralita/sdk';
import { errorText } from '$lib/errors/text';
import { live } from '$lib/live/store.svelte';
import { unlockSound } from '$lib/offers/ring';
import { api } from '$lib/session/api';
import { session } from '$lib/session/session.svelte';
import { toasts } from '$lib/ui/toasts.svelte';
import { m } from '$m';
import { heldMilli } from './held';

class PresenceModel {
  /** Status asked for and not yet agreed to by the server. */
  wanted = $state<string | null>(null);
  /** A change to offline that needs a yes because work is held; the status asked for. */
  toConfirm = $state.raw<{ status: PresenceStatus; count: number } | null>(null);
  isMenuOpen = $state(false);

  get row() {
    return live.tables.presence.get('me');
  }
  /** Status to show: the wanted one while it is being confirmed. */
  get status(): PresenceStatus | undefined {
    const id = this.wanted ?? this.row?.status_id;
    return id ? live.tables.statuses.get(id) : undefined;
  }
  get isConfirming(): boolean {
    return this.wanted !== null && this.wanted !== this.row?.status_id;
  }
  /** Those a person may choose, in the order of the server. */
  get choices(): readonly PresenceStatus[] {
    return [...live.tables.statuses.values()].filter((status) => !status.is_system);
  }
  get available(): PresenceStatus | undefined {
    return this.choices.find((status) => status.key === 'available') ?? this.choices.find((status) => status.kind === 'online');
  }

  /** Points held and limit of the main pool, in whole points, from the work the server says I hold. */
  get capacity(): { held: number; cap: number } | null {
    const id = session.agent?.id;
    const load = live.tables.agents.get(id ?? '')?.load ?? session.agent?.load;
    if (!load || load.cap_primary_milli <= 0) return null;
    return { held: Math.round(heldMilli(live.tables.work.values(), id ?? null) / 1000), cap: Math.round(load.cap_primary_milli / 1000) };
  }

  async choose(status: PresenceStatus, isConfirmed = false): Promise<void> {
    unlockSound();
    this.toConfirm = null;
    this.wanted = status.id;
    try {
      const row = await api.setPresence({ status: status.id, ...(isConfirmed ? { is_confirmed: true } : {}) });
      live.commit([{ table: 'presence', id: 'me', row }]);
    } catch (error) {
      this.#refused(status, error);
    } finally {
      this.wanted = null;
    }
  }

  #refused(status: PresenceStatus, error: unknown): void {
    if (error instanceof ApiError && error.code === 'agent_has_work') {
      this.toConfirm = { status, count: Number(error.problem['count'] ?? 1) };
      return;
    }
    toasts.show(errorText(error), { tone: 'bad', action: { label: m.retry(), run: () => void this.choose(status) } });
  }
}

export const presence = new PresenceModel();
