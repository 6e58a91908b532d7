// Builds dist/{loader,widget,panel}.js, and holds them to their size budgets (`--size` fails over them).
import { build, transform } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { gzipSync, brotliCompressSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { dirname, join, resolve } from 'node:path';

const here = dirname(fileURLToPath(import.meta.url));
const BUDGET_GZIP_BYTES = { 'loader.js': 512, 'widget.js': 12 * 1024, 'panel.js': 12 * 1024 };

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
      return { contents: code.trim(), loader: 'text', watchFiles: [a.path] };
    });
  },
};

await build({
  absWorkingDir: here,
  entryPoints: { loader: 'src/loader.ts', widget: 'src/widget.ts', panel: 'src/panel.ts' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  plugins: [inlineCss],
});

let over = false;
for (const [file, budget] of Object.entries(BUDGET_GZIP_BYTES)) {
  const bytes = await readFile(join(here, 'dist', file));
  const gzip = gzipSync(bytes, { level: 9 }).length;
  const brotli = brotliCompressSync(bytes).length;
  over ||= gzip > budget;
  console.log(`${file.padEnd(10)} ${bytes.length} B · gzip ${gzip} B of ${budget} B · brotli ${brotli} B`);
}
if (over && process.argv.includes('--size')) {
  console.error('size budget exceeded');
  process.exit(1);
}
