import { describe, expect, it } from 'vitest';
import { codePoints } from './redaction';

describe('places in a text', () => {
  it('count an emoji as one, as the server does', () => {
    expect(codePoints('😀 4111', '😀 '.length)).toBe(2);
    expect(codePoints('Número 4111', 7)).toBe(7);
  });
});
