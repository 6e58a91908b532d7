/** What a change changed, field by field. Pure. */

export interface Difference { path: string; before: string; after: string }

/** Fields whose values differ, in order, nested ones by their path; `version` and times of change say nothing to people. */
export function differences(before: unknown, after: unknown): Difference[] {
  const [left, right] = [flat(before), flat(after)];
  const paths = [...new Set([...left.keys(), ...right.keys()])].sort().filter((path) => !/(^|\.)(version|updated_at)$/.test(path));
  return paths.filter((path) => left.get(path) !== right.get(path)).map((path) => ({ path, before: left.get(path) ?? '–', after: right.get(path) ?? '–' }));
}

function flat(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (value === null || value === undefined) {
    if (path !== '') into.set(path, '–');
  } else if (typeof value === 'object' && !Array.isArray(value)) {
    for (const [key, child] of Object.entries(value)) flat(child, path === '' ? key : `${path}.${key}`, into);
  } else {
    into.set(path || '·', Array.isArray(value) ? JSON.stringify(value) : String(value));
  }
  return into;
}
