import { beforeEach, describe, expect, it } from 'vitest';
import { session } from '$lib/session/session.svelte';
import { adminLinks, mayVisit } from './links';

beforeEach(() => (session.grants = []));

describe('pages of the settings', () => {
  it('are shut to whoever may use none of them', () => {
    expect(mayVisit('/admin/queues')).toBe(false);
    expect(mayVisit('/live')).toBe(false);
    expect(mayVisit('/inbox')).toBe(true);
    expect(adminLinks()).toEqual([]);
  });

  it('open one by one with what one may do', () => {
    session.grants = [{ permission: 'skills.edit', scope: 'team' }, { permission: 'agents.operate', scope: 'team' }];
    expect(mayVisit('/admin/skills')).toBe(true);
    expect(mayVisit('/admin/users')).toBe(false);
    expect(mayVisit('/live')).toBe(true);
  });
});
