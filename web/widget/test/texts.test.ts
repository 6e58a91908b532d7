// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { chooseLocale, day, language, locale, localised, say, size } from '../src/speech.ts';
import * as texts from '../src/texts.ts';
import { build } from 'esbuild';
import { joinedTexts } from '../joined-texts.mjs';

const all = Object.entries(texts).filter((entry): entry is [string, texts.Text] => Array.isArray(entry[1]) && entry[0] !== 'LANGUAGES');

describe('the texts', () => {
  it('are there in both languages, with a place for the same values', () => {
    expect(all.length).toBeGreaterThan(40);
    for (const [name, text] of all) {
      expect(text.map((words) => words.trim().length > 0), name).toEqual([true, true]);
      expect(text[0].split('{}').length, name).toBe(text[1].split('{}').length);
    }
  });

  it('say tú and no gendered words in Spanish', () => {
    for (const [, [es]] of all) expect(es).not.toMatch(/\b(usted|ustedes|su|sus|bienvenid[oa]s?|conectad[oa]s?|seguro de que|un agente|el agente|\w+\/as?)\b/i);
  });

  it('are the same once the build has joined them', async () => {
    const { outputFiles } = await build({ entryPoints: ['src/texts.ts'], bundle: true, format: 'esm', write: false, plugins: [joinedTexts] });
    const joined = (await import('data:text/javascript,' + encodeURIComponent(outputFiles[0]!.text))) as typeof texts & Record<string, never>;
    for (const [name, text] of all) expect([0, 1].map((place) => joined.wordsOf(joined[name]!, place)), name).toEqual(text);
  });
});

describe('choosing the language', () => {
  it('takes the first tag whose language it speaks, and keeps the region for dates', () => {
    chooseLocale([undefined, 'fr-FR', 'es-MX', 'en']);
    expect([language, locale]).toEqual(['es', 'es-MX']);
    chooseLocale(['', 'EN-gb']);
    expect([language, locale]).toEqual(['en', 'EN-gb']);
  });

  it('falls back to English', () => {
    chooseLocale(['de', null, 'est']);
    expect(language).toBe('en');
  });
});

describe('speaking', () => {
  it('puts each value in its place', () => {
    chooseLocale(['es']);
    expect(say(texts.outsideUntil, 'mañana', '9:00')).toBe('Volvemos mañana a las 9:00');
    expect(say(texts.unread, 3)).toBe('3 sin leer');
  });

  it('takes the site its own words in the same language, else in any', () => {
    chooseLocale(['es']);
    expect(localised({ en: 'Name', es: 'Nombre' })).toBe('Nombre');
    expect(localised({ en: 'Name' })).toBe('Name');
    expect(localised(null)).toBe('');
  });

  it('names days as people do and sizes by the locale', () => {
    chooseLocale(['es']);
    expect([-1, 0, 1].map((days) => day(Date.now() + days * 86_400_000))).toEqual(['ayer', 'hoy', 'mañana']);
    expect(size(2_400_000)).toBe('2,4 MB');
    chooseLocale(['en']);
    expect(size(85_000)).toBe('0.085 MB');
  });
});
