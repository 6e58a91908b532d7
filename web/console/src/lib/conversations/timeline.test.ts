import { describe, expect, it } from 'vitest';
import type { Entry } from '@centralita/sdk';
import { parts } from './markdown';
import { readSeqOf } from './open.svelte';
import { snoozeChoices } from './snooze';
import { MAX_SHOWN, ofKind, timeline } from './timeline';

const entry = (seq: number, at: string, patch: Partial<Entry> = {}): Entry =>
  ({ id: `n${seq}`, seq, kind: 'message', direction: 'in', occurred_at: null, created_at: at, delivery: null, ...patch }) as unknown as Entry;

describe('the timeline', () => {
  it('draws a line at every new day', () => {
    const items = timeline([entry(1, '2026-11-24T10:00:00Z'), entry(2, '2026-11-25T10:00:00Z'), entry(3, '2026-11-25T11:00:00Z')], null);
    expect(items.map((item) => item.kind)).toEqual(['day', 'entry', 'day', 'entry', 'entry']);
  });

  it('marks where reading stopped, before the first message from the customer', () => {
    const items = timeline([entry(1, '2026-11-25T10:00:00Z'), entry(2, '2026-11-25T10:01:00Z', { direction: 'out' }), entry(3, '2026-11-25T10:02:00Z')], 1);
    expect(items.map((item) => item.key)).toEqual([expect.stringContaining('day'), 'n1', 'n2', 'unread', 'n3']);
  });

  it('keeps at most the newest entries in the page', () => {
    const many = Array.from({ length: MAX_SHOWN + 50 }, (_, index) => entry(index + 1, '2026-11-25T10:00:00Z'));
    const shown = timeline(many, null).filter((item) => item.kind === 'entry');
    expect(shown).toHaveLength(MAX_SHOWN);
    expect(shown.at(-1)?.key).toBe(`n${MAX_SHOWN + 50}`);
  });

  it('finds the last entry read from the number of unread ones', () => {
    const entries = [entry(1, ''), entry(2, '', { direction: 'out' }), entry(3, ''), entry(4, '')];
    expect(readSeqOf(entries, 2)).toBe(2);
    expect(readSeqOf(entries, 9)).toBe(0);
  });

  it('shows one kind of line when asked to', () => {
    const all = [entry(1, ''), entry(2, '', { kind: 'note' }), entry(3, '', { kind: 'event' }), entry(4, '', { kind: 'call_leg' })];
    const seqs = (show: 'all' | 'messages' | 'notes' | 'events') => ofKind(all, show).map((one) => one.seq);
    expect([seqs('all'), seqs('messages'), seqs('notes'), seqs('events')]).toEqual([[1, 2, 3, 4], [1], [2], [3, 4]]);
  });
});

describe('the markdown subset', () => {
  it('marks bold, italic, struck, code and links', () => {
    expect(parts('*a* _b_ ~c~ `d` https://x.es/y.').map((part) => part.kind)).toEqual(['bold', 'text', 'italic', 'text', 'struck', 'text', 'code', 'text', 'link', 'text']);
  });

  it('leaves sums, snake_case and lone stars alone', () => {
    expect(parts('2*3*4 y mi_nombre_largo y * nada')).toEqual([{ kind: 'text', text: '2*3*4 y mi_nombre_largo y * nada' }]);
  });

  it('loses no text', () => {
    const text = 'Hola *Lucía*, mira https://pedales.es/p?a=1&b=2, _gracias_';
    expect(parts(text).map((part) => part.text).join('')).toBe(text.replaceAll('*', '').replaceAll('_', ''));
  });
});

describe('snoozing', () => {
  it('until Monday means the next one, also on a Monday', () => {
    const monday = new Date(2026, 10, 23, 11).getTime();
    const choice = snoozeChoices(monday).find((one) => one.id === 'monday');
    expect(new Date(choice?.at ?? 0).toDateString()).toBe(new Date(2026, 10, 30).toDateString());
  });
});
