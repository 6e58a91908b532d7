import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Notification } from '@centralita/sdk';
import { api } from '$lib/session/api';
import { notifications } from './notifications.svelte';
import { wordsOf } from './words';

const row = (id: string, patch: Partial<Notification> = {}): Notification => ({ id, kind: 'mention', conversation_id: 'c1', entry_id: null, actor: { type: 'agent', id: null, name: 'Ana' }, created_at: '2026-11-25T10:00:00Z', read_at: null, ...patch });

describe('notifications', () => {
  const read = vi.fn(async () => undefined);
  beforeEach(() => {
    (api as { notifications: unknown }).notifications = async () => ({ items: [row('n2'), row('n1', { read_at: '2026-11-25T09:00:00Z' })], page: { next: null, prev: null, has_more: false } });
    (api as { readNotifications: unknown }).readNotifications = read;
    read.mockReset();
    notifications.clear();
  });

  it('are read up to the newest, and only when something is unread', async () => {
    await notifications.load();
    expect(notifications.unreadCount).toBe(1);
    await notifications.readAll();
    expect(read).toHaveBeenCalledWith('n2');
    await notifications.readAll();
    expect(read).toHaveBeenCalledOnce();
  });

  it('count as unread again when the server does not take it', async () => {
    read.mockRejectedValueOnce(new Error('offline'));
    await notifications.load();
    await notifications.readAll();
    expect(notifications.unreadCount).toBe(1);
  });

  it('say who did what', () => {
    expect(wordsOf(row('n1')).text).toContain('Ana');
    expect(wordsOf(row('n1', { kind: 'something_new' })).icon).toBe('bell');
  });
});
