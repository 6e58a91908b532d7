import { describe, expect, it } from 'vitest';
import { marked } from './highlight';

const shown = (text: string, ranges: [number, number][]) => marked(text, ranges).map((part) => (part.isHit ? `[${part.text}]` : part.text)).join('');

describe('a highlight', () => {
  it('marks by code points, in order', () => {
    expect(shown('👍 pedido y envío', [[11, 16], [2, 8]])).toBe('👍 [pedido] y [envío]');
  });

  it('loses no text with ranges that overlap or leave it', () => {
    expect(shown('abcdef', [[1, 3], [2, 4], [5, 99], [80, 90]])).toBe('a[bc][d]e[f]');
    expect(shown('abc', [])).toBe('abc');
  });
});
