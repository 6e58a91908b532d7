// Runs one suite against the built binary: node e2e/run.mjs SUITE [--short] [--name=value …]
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './lib/suite.mjs';

const here = dirname(fileURLToPath(import.meta.url));
process.chdir(dirname(here));

const [name, ...args] = process.argv.slice(2);
const known = readdirSync(join(here, 'suites')).map((file) => file.replace(/\.mjs$/, ''));
if (!known.includes(name)) {
  console.error(`node e2e/run.mjs SUITE, one of: ${known.join(', ')}`);
  process.exit(2);
}
const options = Object.fromEntries(
  args.map((arg) => {
    const [key, value = true] = arg.replace(/^--/, '').split('=');
    return [key, value];
  }),
);
const { default: suite } = await import(`./suites/${name}.mjs`);
process.exit((await run(suite, options)) ? 0 : 1);
