/** Offers that ring for me: answered here, ended by the server. */
import type { AcceptResult, DeclineReason, Id, Offer } from '@centralita/sdk';
import { errorText } from '$lib/errors/text';
import { conversation as conversationChanges } from '$lib/live/apply';
import { live } from '$lib/live/store.svelte';
import type { Change } from '$lib/live/tables';
import { router } from '$lib/router.svelte';
import { api } from '$lib/session/api';
import { toasts } from '$lib/ui/toasts.svelte';
import { m } from '$m';

class Offers {
  reasons = $state.raw<readonly DeclineReason[]>([]);
  /** The offer whose decline reasons are open. */
  decliningId = $state<Id | null>(null);
  /** The offer being answered right now. */
  busyId = $state<Id | null>(null);
  readonly #reasonsOnce: { promise: Promise<void> | null } = { promise: null };

  /** Pending ones, oldest first. */
  get pending(): readonly Offer[] {
    return [...live.tables.offers.values()].sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
  }
  get first(): Offer | undefined {
    return this.pending[0];
  }

  async accept(offer: Offer): Promise<void> {
    await this.#answer(offer, async () => {
      const result = await api.acceptOffer(offer);
      this.#take(result);
      if (result.conversation) router.go(`/inbox?c=${result.conversation.id}`);
    });
  }

  /** Opens the reasons; declines at once where there is none to choose. */
  async startDecline(offer: Offer): Promise<void> {
    await this.#loadReasons();
    if (this.reasons.length === 0) await this.decline(offer);
    else this.decliningId = this.decliningId === offer.id ? null : offer.id;
  }

  async decline(offer: Offer, reasonId?: Id): Promise<void> {
    await this.#answer(offer, async () => {
      await api.declineOffer(offer, reasonId);
      toasts.show(m.offer_declined());
    });
    this.decliningId = null;
  }

  async #answer(offer: Offer, run: () => Promise<void>): Promise<void> {
    if (this.busyId !== null) return;
    this.busyId = offer.id;
    try {
      await run();
      live.commit([{ table: 'offers', id: offer.id, row: null }]);
    } catch (error) {
      toasts.show(errorText(error), { tone: 'bad' });
      await this.#reload();
    } finally {
      this.busyId = null;
    }
  }

  #take(result: AcceptResult): void {
    const changes: Change[] = [
      { table: 'work', id: result.work_item.id, row: result.work_item },
      { table: 'assignments', id: result.work_item.id, row: result.assignment },
    ];
    if (result.conversation) changes.push(...conversationChanges(live.tables, result.conversation));
    live.commit(changes);
  }

  /** After a refusal the server's list is the truth. */
  async #reload(): Promise<void> {
    const page = await api.myOffers().catch(() => null);
    if (!page) return;
    const ids = new Set(page.items.map((offer) => offer.id));
    const gone = [...live.tables.offers.keys()].filter((id) => !ids.has(id));
    live.commit(gone.map((id) => ({ table: 'offers' as const, id, row: null })));
  }

  #loadReasons(): Promise<void> {
    this.#reasonsOnce.promise ??= api.declineReasons().then((page) => void (this.reasons = page.items)).catch(() => undefined);
    return this.#reasonsOnce.promise;
  }
}

export const offers = new Offers();
