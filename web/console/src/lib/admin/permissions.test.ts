import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { byNoun, isWorded, widest } from './permissions';

/** Every permission the server knows, as its source says them. */
const source = readFileSync('../../crates/domain/src/permissions.rs', 'utf8');
const all = [...source.matchAll(/= "([a-z_]+\.[a-z_]+)"/g)].map((match) => match[1] ?? '');

describe('permissions', () => {
  it('all have words of their own', () => {
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter((one) => !isWorded(one))).toEqual([]);
  });

  it('keep the widest of several reaches', () => {
    const grants = [{ permission: 'work.read', scope: 'queue' }, { permission: 'work.read', scope: 'organization' }, { permission: 'work.read', scope: 'own' }] as const;
    expect(widest(grants)).toEqual([{ permission: 'work.read', scope: 'organization' }]);
  });

  it('stand by noun, in order', () => {
    const grants = [{ permission: 'work.read', scope: 'own' }, { permission: 'audit.read', scope: 'own' }, { permission: 'work.pull', scope: 'own' }] as const;
    expect(byNoun(grants).map((group) => [group.noun, group.grants.map((one) => one.permission)])).toEqual([['audit', ['audit.read']], ['work', ['work.pull', 'work.read']]]);
  });
});
