// Builds dist/{loader,widget}.js. `--size` prints the bytes of each module and fails over the budget; `--names` prints
// which property names were shortened.
import { build, transform } from 'esbuild';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { minify } from 'terser';
import { joinedTexts } from './joined-texts.mjs';

const here = dirname(fileURLToPath(import.meta.url));
/** Everything the widget ever loads, in all languages. */
const BUDGET_GZIP_BYTES = 12_288;
/** Options of `Intl` and attributes of elements that terser's list of the browser's names does not hold. */
const PLATFORM = ['hour', 'minute', 'numeric', 'maximumSignificantDigits', 'class', 'enterkeyhint', 'maxlength', 'tabindex'];

/** `import css from './x.css?inline'`: the style sheet as a minified string, for a constructable style sheet. */
const inlineCss = {
  name: 'inline-css',
  setup(b) {
    b.onResolve({ filter: /\.css\?inline$/ }, (a) => ({
      path: resolve(a.resolveDir, a.path.replace('?inline', '')),
      namespace: 'inline-css',
    }));
    b.onLoad({ filter: /./, namespace: 'inline-css' }, async (a) => {
      const source = await readFile(a.path, 'utf8');
      const { code } = await transform(source, { loader: 'css', minify: true, target: 'es2022' });
      return { contents: code.trim().replace(/([,:]) /g, '$1'), loader: 'text', watchFiles: [a.path] };
    });
  },
};

/** Names that the server, the device's storage and the host page know: all that `wire.ts` declares. */
const wireNames = async () => {
  const code = (await readFile(join(here, 'src/wire.ts'), 'utf8')).replace(/\/\*\*[\s\S]*?\*\//g, '');
  return [...new Set(code.match(/[a-z]\w*/gi))];
};

/** Minifies, property names included: all but those that somebody else knows. */
async function shorten(code) {
  const compress = { ecma: 2022, passes: 4, unsafe: true, unsafe_arrows: true, unsafe_methods: true, pure_getters: true, keep_fargs: false };
  const properties = { keep_quoted: true, reserved: [...PLATFORM, ...(await wireNames())] };
  const nameCache = {};
  const shortened = await minify(code, { compress, mangle: { properties }, format: { ecma: 2022 }, toplevel: true, nameCache });
  return { code: shortened.code, names: Object.keys(nameCache.props.props).map((name) => name.slice(1)) };
}

const options = {
  absWorkingDir: here,
  entryPoints: { loader: 'src/loader.ts', widget: 'src/widget.ts' },
  outdir: 'dist',
  bundle: true,
  format: 'iife',
  target: 'es2022',
  tsconfigRaw: {},
  charset: 'utf8',
  legalComments: 'none',
  minifySyntax: true,
  write: false,
  plugins: [inlineCss, joinedTexts],
};

/** Minified bytes of each module, largest first. */
async function printModules() {
  const { metafile } = await build({ ...options, minify: true, metafile: true });
  const modules = Object.entries(metafile.outputs['dist/widget.js'].inputs);
  for (const [name, { bytesInOutput }] of modules.sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)) {
    console.log(`  ${name.replace(/^.*src\//, '').padEnd(20)} ${String(bytesInOutput).padStart(6)} B`);
  }
}

const isAsked = (flag) => process.argv.includes(flag);

await rm(join(here, 'dist'), { recursive: true, force: true });
await mkdir(join(here, 'dist'));
let sum = 0;
for (const { path, text } of (await build(options)).outputFiles) {
  const { code, names } = await shorten(text);
  await writeFile(path, code);
  const gzip = gzipSync(code, { level: 9 }).length;
  sum += gzip;
  console.log(`${path.replace(/^.*dist./, '').padEnd(22)} ${String(Buffer.byteLength(code)).padStart(6)} B · gzip ${gzip} B`);
  if (isAsked('--names')) console.log(`  shortened: ${names.sort().join(' ')}`);
}
if (isAsked('--size')) await printModules();
console.log(`${'all files, all languages'.padEnd(31)} · gzip ${sum} B of ${BUDGET_GZIP_BYTES} B`);
if (isAsked('--size') && sum > BUDGET_GZIP_BYTES) {
  console.error('size budget exceeded');
  process.exit(1);
}
