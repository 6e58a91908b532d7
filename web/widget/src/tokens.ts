/** Colours as custom properties of the shadow host, for both themes, in the brand's colour. */
import { tones } from './brand.ts';

export type Theme = 'auto' | 'light' | 'dark';

/** name: light, dark */
const TOKENS: Readonly<Record<string, readonly [string, string]>> = {
  bg: ['#fff', '#0f1216'],
  bg2: ['#f6f7f9', '#171b21'],
  bg3: ['#eceff3', '#20262e'],
  fg: ['#101828', '#e8eaed'],
  fg2: ['#475467', '#a9b1bd'],
  line: ['#d0d5dd', '#2e3641'],
  line2: ['#e6e9ee', '#232a33'],
  edge: ['#b9c0cc', '#465161'],
  ctl: ['#7a8496', '#7d889a'],
  warn: ['#93370d', '#fdb022'],
  warnbg: ['#fff4e5', '#33240b'],
  bad: ['#b42318', '#fda29b'],
  badbg: ['#fef3f2', '#3a1512'],
  ok: ['#12a066', '#6ce9a6'],
  off: ['#8a94a6', '#6b7687'],
  alert: ['#c4291c', '#c4291c'],
  sh: ['0 1px 2px #1018280f,0 12px 32px #1018281f', '0 1px 2px #0006,0 12px 32px #000000b3'],
};

function block(color: string | null | undefined, theme: 'light' | 'dark'): string {
  const { fill, onFill, text, tint } = tones(color, theme);
  const side = theme === 'light' ? 0 : 1;
  const table = Object.entries(TOKENS).map(([name, pair]) => `--${name}:${pair[side]};`);
  return `:host{color-scheme:${theme}!important;${table.join('')}--br:${fill};--brfg:${onFill};--brt:${text};--tint:${tint}}`;
}

export function tokens(color: string | null | undefined, theme: Theme): string {
  const dark = block(color, 'dark');
  if (theme === 'dark') return dark;
  return block(color, 'light') + (theme === 'auto' ? `@media(prefers-color-scheme:dark){${dark}}` : '');
}

/** A constructable style sheet: allowed under any CSP, seen by nothing outside the shadow root. */
export function sheet(css: string): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}
