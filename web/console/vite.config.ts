import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const server = process.env['CENTRALITA_URL'] ?? 'http://127.0.0.1:8080';

/**
 * Our content policy allows no style attributes. bits-ui writes one into its markup; as a directive it is set by script,
 * which the policy allows.
 */
const withoutStyleAttributes: Plugin = {
  name: 'without-style-attributes',
  enforce: 'pre',
  transform(code, id) {
    if (!/bits-ui.*\.svelte$/.test(id) || !code.includes('style="display: contents;"')) return null;
    return { code: code.replaceAll('style="display: contents;"', 'style:display="contents"'), map: null };
  },
};

const isTest = process.env['VITEST'] !== undefined;

export default defineConfig({
  // Tests take the messages that the `messages` script compiled, and need no styles.
  plugins: isTest ? [svelte()] : [
    paraglideVitePlugin({
      project: './project.inlang',
      outdir: './src/paraglide',
      strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
    }),
    withoutStyleAttributes,
    tailwindcss(),
    svelte(),
  ],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    rolldownOptions: {
      onLog(level, log, handler) {
        // A message key without a text would be `undefined` at run time.
        if (log.code === 'IMPORT_IS_UNDEFINED') throw new Error(log.message);
        handler(level, log);
      },
    },
  },
  server: { proxy: { '/api': { target: server, ws: true }, '/w': server } },
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'] },
  resolve: {
    alias: {
      $lib: new URL('./src/lib', import.meta.url).pathname,
      $m: new URL('./src/paraglide/messages.js', import.meta.url).pathname,
    },
    ...(isTest ? { conditions: ['browser'] } : {}),
  },
});
