import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Drain, type Delivery, type DrainHost } from '../src/drain.ts';
import type { Item } from '../src/outbox.ts';
import { Vault } from '../src/storage.ts';

const item = (id: string, at: number): Item => ({ id, at, conversation: 'c1', text: id });
const OK: Delivery = { ok: true, conversation: 'c1' };

/** Locks as the browser has them: one holder per name, the others wait their turn. */
function locks(): { request(name: string, run: () => Promise<void>): Promise<void> } {
  let last = Promise.resolve();
  return { request: (_, run) => (last = last.then(run)) };
}

function tab(vault: Vault, deliver: (item: Item) => Promise<Delivery>): { drain: Drain; host: DrainHost } {
  const host = {
    vault,
    lockName: 'x',
    visitor: () => 'v1',
    beforeSend: async () => {},
    deliver,
    renewSession: vi.fn(async () => {}),
    changed: () => {},
    acknowledged: () => {},
    full: () => {},
  };
  return { drain: new Drain(host), host };
}

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers({ now: 1_000 });
  vi.stubGlobal('navigator', { locks: locks() });
});

describe('draining', () => {
  it('sends in order and leaves nothing on the device', async () => {
    const seen: string[] = [];
    const { drain } = tab(new Vault('k'), async ({ id }) => (seen.push(id), OK));
    drain.enqueue(item('a', 1));
    drain.enqueue(item('b', 2));
    await vi.runAllTimersAsync();
    expect(seen).toEqual(['a', 'b']);
    expect(localStorage).toHaveLength(0);
  });

  it('has one tab send for all: nothing twice, one order', async () => {
    const seen: string[] = [];
    const vault = new Vault('k');
    const deliver = async ({ id }: Item): Promise<Delivery> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push(id);
      return OK;
    };
    const [one, two] = [tab(vault, deliver), tab(vault, deliver)];
    one.drain.enqueue(item('a', 1));
    two.drain.enqueue(item('b', 2));
    one.drain.enqueue(item('c', 3));
    two.drain.start();
    await vi.runAllTimersAsync();
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('picks up after a reload what was never acknowledged, with the same id', async () => {
    const vault = new Vault('k');
    const before = tab(vault, () => new Promise(() => {}));
    before.drain.enqueue(item('a', 1));
    await vi.advanceTimersByTimeAsync(10);
    vi.stubGlobal('navigator', { locks: locks() }); // The lock dies with its page.
    const seen: string[] = [];
    const afterwards = tab(new Vault('k'), async ({ id }) => (seen.push(id), OK));
    afterwards.drain.restore();
    afterwards.drain.start();
    await vi.runAllTimersAsync();
    expect(seen).toEqual(['a']);
  });

  it('gets a new session on 401 and sends the same message again', async () => {
    const answers: Delivery[] = [{ ok: false, status: 401, code: 'session_expired' }, OK];
    const seen: string[] = [];
    const { drain, host } = tab(new Vault('k'), async ({ id }) => (seen.push(id), answers.shift()!));
    drain.enqueue(item('a', 1));
    await vi.runAllTimersAsync();
    expect(seen).toEqual(['a', 'a']);
    expect(host.renewSession).toHaveBeenCalledOnce();
  });

  it('starts again for a message written while the last run was ending', async () => {
    const seen: string[] = [];
    const { drain, host } = tab(new Vault('k'), async ({ id }) => (seen.push(id), OK));
    let changes = 0; // After the message: acknowledged, restored, nothing left.
    host.changed = () => {
      if (seen.length === 1 && ++changes === 3) queueMicrotask(() => drain.enqueue(item('b', 2)));
    };
    drain.enqueue(item('a', 1));
    await vi.runAllTimersAsync();
    expect(seen).toEqual(['a', 'b']);
  });

  it('sends without Web Locks as well', async () => {
    vi.stubGlobal('navigator', {});
    const seen: string[] = [];
    const { drain } = tab(new Vault('k'), async ({ id }) => (seen.push(id), OK));
    drain.enqueue(item('a', 1));
    await vi.runAllTimersAsync();
    expect(seen).toEqual(['a']);
  });

  it('works where storage is forbidden', async () => {
    vi.stubGlobal('localStorage', { setItem: () => { throw new Error('forbidden'); }, getItem: () => null, removeItem: () => {} });
    const seen: string[] = [];
    const { drain } = tab(new Vault('k'), async ({ id }) => (seen.push(id), OK));
    drain.enqueue(item('a', 1));
    await vi.runAllTimersAsync();
    expect(seen).toEqual(['a']);
    vi.unstubAllGlobals();
  });

  it('does not send another visitor what this one wrote', () => {
    const vault = new Vault('k');
    const { drain } = tab(vault, () => new Promise(() => {}));
    vault.saveItem('v0', item('a', 1));
    drain.rename('v0', 'v1', false);
    expect(vault.items('v0')).toEqual([]);
    expect(vault.items('v1')).toEqual([]);
  });
});
