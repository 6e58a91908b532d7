/** A browser and its system from a `User-Agent`: `Firefox · Windows`. Empty when neither is known. Pure. */

const BROWSERS: readonly [RegExp, string][] = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrome\//, 'Chrome'], [/Safari\//, 'Safari'], [/curl\//, 'curl']];
const SYSTEMS: readonly [RegExp, string][] = [[/Windows/, 'Windows'], [/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']];

export function deviceOf(agent: string | null | undefined): string {
  if (!agent) return '';
  const name = (list: readonly [RegExp, string][]) => list.find(([mark]) => mark.test(agent))?.[1];
  return [name(BROWSERS), name(SYSTEMS)].filter(Boolean).join(' · ');
}
