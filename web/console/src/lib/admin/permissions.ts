/** Permissions and their reach, in words; a permission is its own name, because scripts and tokens use it. */
import type { Grant } from '@centralita/sdk';
import { m } from '$m';

const SCOPES: Record<Grant['scope'], () => string> = { organization: () => m.scope_organization(), team: () => m.scope_team(), queue: () => m.scope_queue(), own: () => m.scope_own() };
export const scopeName = (scope: string): string => SCOPES[scope as Grant['scope']]?.() ?? scope;

/** Grants by the noun before the dot, both in order. */
export function byNoun(grants: readonly Grant[]): { noun: string; grants: Grant[] }[] {
  const groups = new Map<string, Grant[]>();
  for (const grant of [...grants].sort((a, b) => (a.permission < b.permission ? -1 : 1))) {
    const noun = grant.permission.split('.')[0] ?? '';
    groups.set(noun, [...(groups.get(noun) ?? []), grant]);
  }
  return [...groups].map(([noun, list]) => ({ noun, grants: list }));
}
