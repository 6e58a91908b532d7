// Suites, groups and named cases.
//
// A suite declares all its cases before it runs any, so results/<suite>.json names every one of them. The
// cases of a group share a world and run in order; once one fails, the rest of its group has not been
// reached and counts as failed, unless the group says that its cases do not build on each other.
import { mkdirSync, writeFileSync } from 'node:fs';

/** Declares a suite. `declare` is called with `(group, options)`, the options of the command line. */
export function suite(name, declare) {
  return { name, declare };
}

/** Runs a suite, writes its results, prints `N passed, N failed`; returns whether all passed. */
export async function run({ name, declare }, options) {
  const groups = [];
  declare((title, fill) => groups.push(describe(title, fill)), options);
  const started = Date.now();
  const cases = [];
  for (const group of groups) cases.push(...(await runGroup(group)));
  const failed = cases.filter((c) => !c.ok).length;
  const passed = cases.length - failed;
  mkdirSync('results', { recursive: true });
  const body = { suite: name, ms: Date.now() - started, passed, failed, cases };
  writeFileSync(`results/${name}.json`, `${JSON.stringify(body, null, 1)}\n`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

function describe(title, fill) {
  const group = { title, cases: [], before: async () => {}, after: [], isIndependent: false };
  fill({
    /** Prepares the world; the group's cases fail when it does. */
    before: (act) => (group.before = act),
    /** Puts it away, whatever happened; the last one declared goes first. */
    after: (act) => group.after.unshift(act),
    /** The cases do not build on each other. */
    independent: () => (group.isIndependent = true),
    /** One case. What `act` returns is kept in the results as its figures. */
    test: (name, act) => group.cases.push({ name: `${title}: ${name}`, act }),
  });
  return group;
}

async function runGroup(group) {
  const results = [];
  let cause = await attempt(group.before);
  if (cause.error) console.log(`✗ ${group.title}: could not start\n${indent(cause.error)}`);
  for (const { name, act } of group.cases) {
    const result = cause.error ? { ok: false, error: `not reached: ${cause.error.split('\n')[0]}` } : await attempt(act);
    const isNews = result.error && !cause.error;
    if (isNews && !group.isIndependent) cause = result;
    results.push({ name, ...result });
    console.log(`${result.ok ? '✓' : '✗'} ${name} (${result.ms ?? 0} ms)`);
    if (isNews) console.log(indent(result.error));
  }
  for (const act of group.after) {
    const { error } = await attempt(act);
    if (error) console.log(`! ${group.title}: clean-up failed\n${indent(error)}`);
  }
  return results;
}

async function attempt(act) {
  const started = Date.now();
  try {
    const figures = await act();
    return { ok: true, ms: Date.now() - started, ...(figures === undefined ? {} : { figures }) };
  } catch (error) {
    return { ok: false, ms: Date.now() - started, error: error?.stack ?? String(error) };
  }
}

const indent = (text) => text.replace(/^/gm, '    ');
