import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as client from '../src/client.ts';
import { outbox } from '../src/client.ts';
import { chooseLocale } from '../src/speech.ts';
import { threadOf, threads } from '../src/threads.ts';
import { render } from '../src/ui/dom.ts';
import { log } from '../src/ui/log.ts';
import type { Config, Item, Message, Rich } from '../src/wire.ts';

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
    const rows = draw([], [item('a'), item('b', { refusal: { status: 415, code: 'unsupported_media_type' } }), item('c'), item('d', { conversation: 'c2' })]);
    expect(rows).toEqual(['a', 'Waiting · 1 of 2', 'Not sentbFiles of this type are not accepted.', 'Try againEditRemove', 'c', 'Waiting · 2 of 2']);
  });

  it.each<[Item['refusal'], string]>([
    [{ status: 413, code: 'attachment_too_large', max_bytes: 20_000_000 }, 'It is 48 MB and the limit is 20 MB.'],
    [{ status: 415, code: 'unsupported_media_type' }, 'Files of this type are not accepted.'],
    [{ status: 403, code: 'visitor_blocked' }, 'You cannot write from here.'],
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

  it('draws marked-up words as elements, and nothing that is no mark of ours', () => {
    const nodes: Rich = [
      ['p', 0, 'Two ', ['b', 0, 'sizes'], ': ', ['a', 'https://shop.example/tubes', 'look'], ['a', 'javascript:alert(1)', 'no']],
      ['ul', 0, ['li', 0, ['code', 0, '<b>']]],
      ['script', 0, 'alert(1)'],
    ];
    draw([message(1, 'agent', '2026-03-01T10:00:00', { blocks: [{ type: 'rich', nodes }] })]);
    expect(root.querySelector('.b')!.innerHTML).toBe(
      '<p>Two <b>sizes</b>: <a href="https://shop.example/tubes" target="_blank">look</a><a>no</a></p><ul><li><code>&lt;b&gt;</code></li></ul>',
    );
  });

  it('asks for stars once a conversation has ended, and shows those that were given', () => {
    Object.assign(threadOf('c1'), { state: 'closed' });
    const ends = (features: object): string[] => {
      vi.spyOn(client, 'config', 'get').mockReturnValue({ features } as Config);
      return draw([]);
    };
    expect(ends({})).toEqual(['Conversation ended']);
    expect(ends({ rating: true })).toEqual(['Conversation ended', 'How did it go?', '1 ★2 ★3 ★4 ★5 ★']);
    threadOf('c1').rating = 4;
    expect(ends({ rating: true })).toEqual(['Conversation ended', '★★★★']);
  });
});
