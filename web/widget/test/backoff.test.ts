import { describe, expect, it } from 'vitest';
import { outboxDelay, socketDelay } from '../src/backoff.ts';

describe('waiting between attempts', () => {
  it('doubles from 1 s to 30 s for the outbox', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map((attempt) => outboxDelay(attempt, 1, 0))).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('spreads the upper half of each outbox step', () => {
    expect(outboxDelay(3, 0, 0)).toBe(4_000);
    expect(outboxDelay(3, 0.5, 0)).toBe(6_000);
  });

  it('is never sooner than Retry-After', () => {
    expect(outboxDelay(0, 1, 12_000)).toBe(12_000);
    expect(outboxDelay(9, 0, 12_000)).toBe(15_000);
  });

  it('spreads the first reconnect over 0 to 5 s and doubles the range to 30 s, however often', () => {
    expect([0, 1, 2, 3, 2_000].map((attempt) => socketDelay(attempt, 1))).toEqual([5_000, 10_000, 20_000, 30_000, 30_000]);
    expect(socketDelay(0, 0)).toBe(0);
    expect(socketDelay(2, 0.25)).toBe(5_000);
  });
});
