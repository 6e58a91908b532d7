// Sums up results/steps.jsonl and the reports it names: writes results/<name>.json with every case by name,
// prints the failed ones and, last, `N passed, N failed`. Exit status 1 when any failed.
import { readFileSync, writeFileSync, existsSync } from 'node:fs';

const readers = { junit, cargo, vitest, e2e };
const name = process.argv[2] ?? 'test';
const lines = readFileSync('results/steps.jsonl', 'utf8').trim().split('\n').map((line) => JSON.parse(line));

const cases = [];
lines.forEach((line, index) => {
  if (!line.step) return;
  const reports = [];
  for (let i = index + 1; lines[i]?.report; i += 1) reports.push(lines[i]);
  const found = reports.flatMap(({ report, file }) => read(report, file));
  // A step with a report is its cases; it counts itself only when it failed and no case says why.
  const isExplained = found.length > 0 && (line.ok || found.some((c) => !c.ok));
  if (!isExplained) found.push({ name: line.step, ok: line.ok && reports.length === 0, ms: line.ms, error: line.log });
  cases.push(...found);
});

/** Cases of a report; none when it is missing or cut off, and then the step speaks for itself. */
function read(kind, file) {
  if (!existsSync(file)) return [];
  try {
    return readers[kind](readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
}

/** JUnit of cargo-nextest: one element a test. */
function junit(text) {
  return [...text.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)].map(([, attributes, , body = '']) => {
    const attribute = (key) => unescape(attributes.match(new RegExp(`\\b${key}="([^"]*)"`))?.[1] ?? '');
    return {
      name: `${attribute('classname')} ${attribute('name')}`,
      ok: !/<(failure|error)\b/.test(body),
      ms: Math.round(Number(attribute('time')) * 1000),
    };
  });
}

/** Text of `cargo test`. */
function cargo(text) {
  let binary = '';
  const found = [];
  for (const line of text.split('\n')) {
    binary = line.match(/^\s*(?:Running|Doc-tests) (.*?)(?: \(|$)/)?.[1] ?? binary;
    const test = line.match(/^test (.+?) \.\.\. (ok|FAILED)/);
    if (test) found.push({ name: `${binary} ${test[1]}`, ok: test[2] === 'ok' });
  }
  return found;
}

function vitest(text) {
  return JSON.parse(text).testResults.flatMap((file) =>
    file.assertionResults.map((test) => ({
      name: test.fullName,
      ok: test.status === 'passed',
      ms: Math.round(test.duration ?? 0),
    })),
  );
}

function e2e(text) {
  const { suite, cases: found } = JSON.parse(text);
  return found.map((c) => ({ ...c, name: `e2e ${suite}: ${c.name}` }));
}

function unescape(text) {
  const entities = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity) => entities[entity]);
}

const failed = cases.filter((c) => !c.ok);
const passed = cases.length - failed.length;
const body = { name, passed, failed: failed.length, cases };
writeFileSync(`results/${name}.json`, `${JSON.stringify(body, null, 1)}\n`);
if (failed.length > 0) console.log('\nFailed:');
for (const c of failed) console.log(`  ✗ ${c.name}${c.error ? ` (${String(c.error).split('\n')[0]})` : ''}`);
console.log(`\n${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 || cases.length === 0 ? 1 : 0;
