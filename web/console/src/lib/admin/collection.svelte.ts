/** A list of configuration records with the plain life: list, create, change under its version, remove. */
import type { Id } from '@centralita/sdk';
import { errorText } from '$lib/errors/text';
import { api } from '$lib/session/api';
import { toasts } from '$lib/ui/toasts.svelte';
import { m } from '$m';

interface Row { id: Id; version: number }

export class Collection<T extends Row> {
  items = $state.raw<readonly T[]>([]);
  phase = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<unknown>(null);
  saveError = $state.raw<unknown>(null);
  isSaving = $state(false);

  constructor(readonly noun: string) {}

  /** Every page, up to a thousand rows. */
  async load(): Promise<void> {
    try {
      const rows: T[] = [];
      let after: string | null = null;
      do {
        const page: { items: T[]; page: { next: string | null } } = await api.list<T>(this.noun, { after });
        rows.push(...page.items);
        after = page.page.next;
      } while (after !== null && rows.length < 1_000);
      this.items = rows;
      this.phase = 'ready';
    } catch (error) {
      this.error = error;
      this.phase = 'failed';
    }
  }

  /** Creates, or changes `row` if it is still as it was read. Undefined when refused; `saveError` says why. */
  async save(body: object, row: T | null): Promise<T | undefined> {
    this.isSaving = true;
    this.saveError = null;
    try {
      const saved = row ? await api.patch<T>(this.noun, row.id, body, row.version) : await api.create<T>(this.noun, body);
      this.put(saved);
      toasts.show(m.saved());
      return saved;
    } catch (error) {
      this.saveError = error;
      return undefined;
    } finally {
      this.isSaving = false;
    }
  }

  put(row: T): void {
    const isKnown = this.items.some((one) => one.id === row.id);
    this.items = isKnown ? this.items.map((one) => (one.id === row.id ? row : one)) : [...this.items, row];
  }

  async remove(row: T): Promise<boolean> {
    try {
      await api.remove(this.noun, row.id, row.version);
      this.items = this.items.filter((one) => one.id !== row.id);
      toasts.show(m.removed());
      return true;
    } catch (error) {
      toasts.show(errorText(error), { tone: 'bad' });
      return false;
    }
  }
}
