import { describe, expect, it } from 'vitest';
import { contrast, READABLE, tones } from '../src/brand.ts';
import { random } from './random.ts';

const GROUND = { light: '#ffffff', dark: '#0f1216' } as const;

describe('the colour of the host', () => {
  it('is kept where it is readable as it is', () => {
    expect(tones('#14614a', 'light')).toMatchObject({ fill: '#14614a', onFill: '#ffffff', text: '#14614a' });
    expect(tones('#ffd400', 'light')).toMatchObject({ fill: '#ffd400', onFill: '#101828' });
  });

  it('knows the ratios of the standard', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });

  it('falls back to the default when it is no colour', () => {
    for (const wrong of [null, undefined, '', 'red', '#12', 'url(x)', '#14614a;}']) expect(tones(wrong, 'light').fill).toBe('#1d5fd6');
  });

  it('takes the short form', () => {
    expect(tones('#14a', 'light')).toEqual(tones('#1144aa', 'light'));
  });

  it('is readable on every pair of surfaces, whatever the colour', () => {
    const next = random(7);
    const colors = Array.from({ length: 3_000 }, () => '#' + Math.floor(next() * 0x1000000).toString(16).padStart(6, '0'));
    for (const color of [...colors, '#000000', '#ffffff', '#ff0000', '#00ff00', '#0000ff', '#ffff00', '#808080', '#767676']) {
      for (const theme of ['light', 'dark'] as const) {
        const { fill, onFill, text, tint } = tones(color, theme);
        expect(contrast(fill, onFill), `${color} ${theme} on the fill`).toBeGreaterThanOrEqual(READABLE);
        expect(contrast(text, GROUND[theme]), `${color} ${theme} as text`).toBeGreaterThanOrEqual(READABLE);
        expect(contrast(text, tint), `${color} ${theme} on the tint`).toBeGreaterThanOrEqual(READABLE);
        expect(contrast(theme === 'light' ? '#475467' : '#a9b1bd', tint), `${color} ${theme} secondary text on the tint`).toBeGreaterThanOrEqual(READABLE);
      }
    }
  });
});
