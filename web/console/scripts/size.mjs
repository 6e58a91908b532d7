/**
 * Weighs what a browser loads for the first view of the inbox (HTML, entry script with its static imports, styles) and
 * each lazy route, in gzip, and fails over the budget.
 */
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const FIRST_LOAD_KB = 200;
const LAZY_ROUTE_KB = 60;
const dist = new URL('../dist/', import.meta.url);
const kilobytes = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length / 1024;

if (!existsSync(new URL('.vite/manifest.json', dist))) {
  console.error('size: dist/ is missing; run the build first');
  process.exit(1);
}
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

/** Files that loading `key` brings with it, itself included. */
function closure(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const css of chunk.css ?? []) seen.add(css);
  for (const next of chunk.imports ?? []) closure(next, seen);
  return seen;
}

const first = closure('index.html');
const firstKb = kilobytes('index.html') + [...first].reduce((sum, file) => sum + kilobytes(file), 0);
let failed = firstKb > FIRST_LOAD_KB;
console.log(`first load ${firstKb.toFixed(1)} KB gzip of ${FIRST_LOAD_KB}`);
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry) continue;
  const own = [...closure(key)].filter((file) => !first.has(file)).reduce((sum, file) => sum + kilobytes(file), 0);
  console.log(`  ${own.toFixed(1).padStart(5)} KB ${key}`);
  failed ||= own > LAZY_ROUTE_KB;
}
if (failed) {
  console.error(`size: over the budget (first load ${FIRST_LOAD_KB} KB, lazy route ${LAZY_ROUTE_KB} KB)`);
  process.exit(1);
}
