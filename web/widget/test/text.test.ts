import { describe, expect, it } from 'vitest';
import { PANEL_TEXTS } from '../src/panel-text.ts';
import { LAUNCHER_TEXTS, pickLocale, speaker } from '../src/text.ts';

const TABLES = { launcher: LAUNCHER_TEXTS, panel: PANEL_TEXTS };
const values = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort();

describe.each(Object.entries(TABLES))('the texts of the %s', (_, texts) => {
  const es: Record<string, string> = texts.es;
  const en: Record<string, string> = texts.en;

  it('have the same keys in both languages, none of them empty', () => {
    expect(Object.keys(es)).toEqual(Object.keys(en));
    expect([...Object.values(es), ...Object.values(en)].every((text) => text.trim())).toBe(true);
  });

  it('take the same values in both languages', () => {
    for (const key of Object.keys(es)) expect(values(es[key]!), key).toEqual(values(en[key]!));
  });

  it('say tú and no gendered words in Spanish', () => {
    for (const text of Object.values(es)) expect(text).not.toMatch(/\b(usted|ustedes|su|sus|bienvenid[oa]s?|conectad[oa]s?|seguro de que|un agente|el agente|\w+\/as?)\b/i);
  });
});

describe('choosing the language', () => {
  it('takes the first tag whose language it speaks, and keeps the region for dates', () => {
    expect(pickLocale([undefined, 'fr-FR', 'es-MX', 'en'])).toEqual({ language: 'es', locale: 'es-MX' });
    expect(pickLocale(['', 'EN-gb'])).toEqual({ language: 'en', locale: 'EN-gb' });
  });

  it('falls back to English', () => {
    expect(pickLocale(['de', null]).language).toBe('en');
  });
});

describe('filling in values', () => {
  it('puts each value in its place and nothing for a missing one', () => {
    const say = speaker({ a: '{x} of {y}, {x}' });
    expect(say('a', { x: 1, y: 'two' })).toBe('1 of two, 1');
    expect(say('a')).toBe(' of , ');
  });
});
