import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Draft } from '@centralita/sdk';
import { live } from '$lib/live/store.svelte';
import { draftKey } from '$lib/live/tables';

const door = vi.hoisted(() => ({ saveDraft: vi.fn(), dropDraft: vi.fn(), drafts: vi.fn() }));
vi.mock('$lib/session/api', () => ({ api: door, client: {}, onSignedOut: () => undefined }));
const { drafts } = await import('./drafts.svelte');

const typed = (text: string) => drafts.edit({ conversationId: 'c1', mode: 'reply', text, attachmentIds: [], route: null, baseSeq: 1 });
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));
const row = (text: string) => ({ conversation_id: 'c1', mode: 'reply', body: { text } }) as unknown as Draft;

beforeEach(() => {
  drafts.sent('c1', 'reply');
  vi.clearAllMocks();
  door.dropDraft.mockResolvedValue(undefined);
});

describe('drafts', () => {
  it('a text sent while its draft is being saved does not come back as a draft', async () => {
    let answer: (draft: Draft) => void = () => undefined;
    door.saveDraft.mockReturnValue(new Promise<Draft>((resolve) => (answer = resolve)));
    typed('Ya sale');
    drafts.flush('c1');
    drafts.sent('c1', 'reply');
    answer(row('Ya sale'));
    await settle();
    expect(drafts.text('c1', 'reply')).toBe('');
    expect(live.tables.drafts.has(draftKey('c1', 'reply'))).toBe(false);
    expect(door.dropDraft).toHaveBeenCalledWith('c1', 'reply');
  });

  it('an emptied field takes its draft away', async () => {
    door.saveDraft.mockResolvedValue(row('Hola'));
    typed('Hola');
    drafts.flush('c1');
    await settle();
    typed('');
    drafts.flush('c1');
    expect(drafts.badge('c1')).toBe('');
    expect(door.dropDraft).toHaveBeenCalledOnce();
  });

  it('a saved answer never replaces what is being typed', async () => {
    door.saveDraft.mockResolvedValue(row('Hola'));
    typed('Hola');
    drafts.flush('c1');
    typed('Hola, Lucía');
    await settle();
    expect(drafts.text('c1', 'reply')).toBe('Hola, Lucía');
  });
});
