import { describe, expect, it } from 'vitest';
import { CHORD_MS, Chords, shortcutOf } from './keyboard';

const press = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {}) =>
  shortcutOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

describe('shortcuts', () => {
  it('reads the character, so that ? works on every layout', () => {
    expect(press('?', { shiftKey: true })).toBe('?');
    expect(press('K')).toBe('k');
    expect(press('E', { shiftKey: true })).toBe('shift+e');
  });

  it('takes Ctrl and the Mac command key for the same', () => {
    expect(press('k', { ctrlKey: true })).toBe('mod+k');
    expect(press('Enter', { metaKey: true, shiftKey: true })).toBe('mod+shift+enter');
  });

  it('never claims what is typed with Alt or AltGr', () => {
    expect(press('@', { ctrlKey: true, altKey: true })).toBeNull();
    expect(press('ę', { altKey: true })).toBeNull();
  });

  it('joins a chord within a second and not later', () => {
    const starts = (key: string) => key === 'g';
    const chords = new Chords();
    chords.push('g', 0, starts);
    expect(chords.push('i', CHORD_MS, starts)).toBe('g i');
    chords.push('g', 0, starts);
    expect(chords.push('i', CHORD_MS + 1, starts)).toBe('i');
  });
});
