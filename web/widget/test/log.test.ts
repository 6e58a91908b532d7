import { beforeEach, describe, expect, it, vi } from 'vitest';
import { outbox } from '../src/client.ts';
import { chooseLocale } from '../src/speech.ts';
import { threadOf, threads } from '../src/threads.ts';
import { render } from '../src/ui/dom.ts';
import { log } from '../src/ui/log.ts';
import type { Item, Message } from '../src/wire.ts';

const message = (seq: number, kind: Message['author']['kind'], at: string, more: Partial<Message> = {}): Message => ({
  id: 'm' + seq,
  seq,
  conversation_id: 'c1',
  author: { kind, name: kind === 'agent' ? 'Ana' : null },
  text: 'text ' + seq,
  created_at: at,
  ...more,
});
const item = (id: string, more: Partial<Item> = {}): Item => ({ id, at: 1, conversation: 'c1', text: id, ...more });

let root: HTMLElement;
const draw = (messages: Message[], items: Item[] = []): string[] => {
  threadOf('c1').messages = messages;
  vi.spyOn(outbox, 'items').mockReturnValue(items);
  render(root, log(threadOf('c1')));
  return [...root.children].map((row) => row.textContent!.replace(/\s/g, ' '));
};

beforeEach(() => {
  chooseLocale(['en-GB']);
  threads.clear();
  root = document.createElement('div');
});

describe('the log', () => {
  it('opens each day with its date and ends each group with who and when', () => {
    const rows = draw([
      message(1, 'me', '2026-03-01T10:00:00'),
      message(2, 'me', '2026-03-01T10:00:30'),
      message(3, 'agent', '2026-03-01T10:02:00'),
      message(4, 'agent', '2026-03-02T09:00:00'),
    ]);
    expect(rows).toEqual([
      expect.stringMatching(/ago, 10:00$/),
      'text 1',
      'text 2',
      'Sent 10:00',
      'text 3',
      'Ana · 10:02',
      expect.stringMatching(/ago, 0?9:00$/),
      'text 4',
      expect.stringMatching(/^Ana · 0?9:00$/),
    ]);
  });

  it('numbers what waits and leaves refused ones out of the count', () => {
    const rows = draw([], [item('a'), item('b', { refusal: { status: 422, code: 'text_too_long', max: 10 } }), item('c'), item('d', { conversation: 'c2' })]);
    expect(rows).toEqual(['a', 'Waiting · 1 of 2', 'Not sentbThe message is over 10 characters.', 'Try againEditRemove', 'c', 'Waiting · 2 of 2']);
  });

  it.each<[Item['refusal'], string]>([
    [{ status: 413, code: 'attachment_too_large', max_bytes: 20_000_000 }, 'It is 48 MB and the limit is 20 MB.'],
    [{ status: 415, code: 'unsupported_media_type' }, 'Files of this type are not accepted.'],
    [{ status: 403, code: 'visitor_blocked' }, 'Messages from this device are not accepted.'],
    [{ status: 400 }, 'That did not work (400).'],
  ])('says in words why a file was refused: %o', (refusal, words) => {
    const rows = draw([], [item('a', { upload: { name: 'video.mov', size_bytes: 48_000_000 }, refusal })]);
    expect(rows).toEqual(['Not sentvideo.mov' + words, 'Remove']);
  });

  it('keeps a message in its place, once, from waiting to stored', () => {
    draw([], [item('a')]);
    const row = root.firstChild;
    const stored = message(1, 'me', '2026-03-01T10:00:00', { client_message_id: 'a', text: 'a' });
    expect(draw([stored], [item('a')])).toEqual([expect.any(String), 'a', 'Sent 10:00']);
    expect(root.children[1]).toBe(row);
  });

  it('offers choices under the last message alone, and tells what was read', () => {
    const blocks = [{ type: 'choices', options: [{ value: 'x', label: 'This one' }] }];
    const asked = message(1, 'bot', '2026-03-01T10:00:00', { blocks });
    expect(draw([asked])).toContain('This one');
    expect(draw([asked, message(2, 'me', '2026-03-01T10:01:00', { state: 'read' })])).toEqual([expect.any(String), 'text 1', 'Automatic assistant · 10:00', 'text 2', 'Read 10:01']);
  });
});
