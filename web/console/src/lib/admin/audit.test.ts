import { describe, expect, it } from 'vitest';
import { differences } from './audit';

describe('what changed', () => {
  it('names only the fields that differ, nested ones by their path', () => {
    const found = differences({ name: { es: 'Ventas', en: 'Sales' }, state: 'open', version: 1 }, { name: { es: 'Venta', en: 'Sales' }, state: 'open', version: 2 });
    expect(found).toEqual([{ path: 'name.es', before: 'Ventas', after: 'Venta' }]);
  });

  it('shows everything of what was made or removed', () => {
    expect(differences(null, { key: 'a', tags: ['x'] })).toEqual([{ path: 'key', before: '–', after: 'a' }, { path: 'tags', before: '–', after: '["x"]' }]);
    expect(differences({ key: 'a' }, null)).toEqual([{ path: 'key', before: 'a', after: '–' }]);
  });
});
