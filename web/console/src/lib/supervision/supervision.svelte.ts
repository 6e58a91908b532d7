/** What a supervisor sees now: who works, with how much, and what waits in each queue. Follows the event stream. */
import type { Agent, Queue, WorkItem } from '@centralita/sdk';
import { connection } from '$lib/live/connection.svelte';
import { live } from '$lib/live/store.svelte';
import { api } from '$lib/session/api';
import { queueFigures } from './figures';
import type { QueueFigures } from './figures';

/** Loads go with work, which many events change at once: they are read again at most this often, in ms. */
const REFRESH_AFTER_MS = 1_500;
const TOPICS = ['agents'];

export class Supervision {
  phase = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<unknown>(null);
  #waiting = $state.raw<readonly WorkItem[]>([]);
  #timer: ReturnType<typeof setTimeout> | undefined;

  get agents(): readonly Agent[] {
    return [...live.tables.agents.values()].filter((agent) => agent.state === 'active' && agent.kind === 'human');
  }
  get queues(): readonly { queue: Queue; figures: QueueFigures }[] {
    return [...live.tables.queues.values()].map((queue) => ({ queue, figures: queueFigures(queue.id, this.#waiting) }));
  }

  async load(): Promise<void> {
    try {
      const [agents, items] = await Promise.all([api.agents({ limit: 200 }), api.workItems({ state: ['queued', 'offered'], limit: 200 })]);
      live.commit(agents.items.map((row) => ({ table: 'agents' as const, id: row.id, row })));
      this.#waiting = items.items;
      this.phase = 'ready';
    } catch (error) {
      this.error = error;
      this.phase = 'failed';
    }
  }

  /** Follows what happens; returns what ends it. */
  follow(): () => void {
    void connection.subscribe(TOPICS);
    void this.load();
    const stop = connection.listen({
      events: (events) => {
        if (events.some((event) => /^(work_item|offer|presence|agent|queue)\b/.test(event.type))) this.#soon();
      },
      resync: () => void this.load(),
    });
    return () => {
      stop();
      clearTimeout(this.#timer);
      connection.unsubscribe(TOPICS);
    };
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.load();
    }, REFRESH_AFTER_MS);
  }
}
