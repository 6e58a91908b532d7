// An esbuild plugin: `texts.ts` with its texts joined to one string a language, in which a text is its number. The same
// exports, fewer bytes.
import { transform } from 'esbuild';
import { readFile } from 'node:fs/promises';

export const joinedTexts = {
  name: 'joined-texts',
  setup(b) {
    b.onLoad({ filter: /\/texts\.ts$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'ts', format: 'esm' });
      const { LANGUAGES, wordsOf, ...texts } = await import('data:text/javascript,' + encodeURIComponent(code));
      const words = LANGUAGES.map((_, place) => Object.values(texts).map((text) => wordsOf(text, place)).join('|'));
      const numbers = Object.keys(texts).map((name, i) => `export const ${name} = ${i};`);
      const contents = [
        `export const LANGUAGES = ${JSON.stringify(LANGUAGES)};`,
        `const WORDS = ${JSON.stringify(words)};`,
        `export const wordsOf = (text, place) => WORDS[place].split('|')[text];`,
        ...numbers,
      ];
      return { contents: contents.join('\n'), loader: 'js' };
    });
  },
};
