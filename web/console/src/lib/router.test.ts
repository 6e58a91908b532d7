import { describe, expect, it } from 'vitest';
import { matchPath } from './router.svelte';

describe('matchPath', () => {
  it('takes the named parts', () => {
    expect(matchPath('/people/:id', '/people/a%20b')).toEqual({ id: 'a b' });
    expect(matchPath('/inbox', '/inbox')).toEqual({});
  });

  it('refuses another length or another word', () => {
    expect(matchPath('/people/:id', '/people')).toBeNull();
    expect(matchPath('/queue/:key', '/view/1')).toBeNull();
  });
});
