import { describe, expect, it } from 'vitest';
import { matching, mentionedIn, namingAt, withName } from './mentions';

const PEOPLE = [{ userId: 'u1', name: 'Ana Ribas' }, { userId: 'u2', name: 'Álex Martín' }, { userId: 'u3', name: 'Dani Molina' }];

describe('naming a colleague', () => {
  it('begins with an @ at the start of a word, never inside an address', () => {
    expect(namingAt('hola @an', 8)).toEqual({ query: 'an', from: 5 });
    expect(namingAt('@', 1)).toEqual({ query: '', from: 0 });
    expect(namingAt('ana@pedales', 11)).toBeNull();
    expect(namingAt('@Ana Ribas mira', 15)).toBeNull();
  });

  it('finds by any word of the name, accents aside', () => {
    expect(matching(PEOPLE, 'alex').map((one) => one.userId)).toEqual(['u2']);
    expect(matching(PEOPLE, 'mo').map((one) => one.userId)).toEqual(['u3']);
    expect(matching(PEOPLE, '')).toHaveLength(3);
  });

  it('puts the name in the place of what was typed and the caret behind it', () => {
    const done = withName('hola @an y más', { query: 'an', from: 5 }, 8, 'Ana Ribas');
    expect(done.text).toBe('hola @Ana Ribas y más');
    expect(done.text.slice(0, done.caret)).toBe('hola @Ana Ribas ');
  });

  it('mentions each person once, and only those still in the text', () => {
    expect(mentionedIn('@Ana Ribas, dile a @álex martín. @Ana Ribas', PEOPLE)).toEqual(['u1', 'u2']);
    expect(mentionedIn('@Ana', PEOPLE)).toEqual([]);
  });
});
