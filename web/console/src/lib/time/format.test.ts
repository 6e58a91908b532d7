import { describe, expect, it } from 'vitest';
import { countdown, dayKey, longDay, span, stopwatch, timeInZone } from './format';

const MIN = 60_000;

describe('durations', () => {
  it('count in seconds only under a quarter of an hour', () => {
    expect(countdown(134_000)).toBe('02:14');
    expect(countdown(18 * MIN)).toBe('18 min');
    expect(countdown(-5)).toBe('00:00');
  });

  it('drop what nobody reads', () => {
    expect([20_000, 70 * MIN, 120 * MIN, 3.5 * 60 * MIN, 50 * 60 * MIN].map(span)).toEqual(['20 s', '1 h 10', '2 h', '3 h', '2 d']);
    expect([41_000, 724_000, 3_729_000].map(stopwatch)).toEqual(['0:41', '12:04', '1:02:09']);
  });
});

describe('days', () => {
  it('are local days', () => {
    expect(dayKey(new Date(2026, 10, 25, 0, 1).getTime())).toBe(dayKey(new Date(2026, 10, 25, 23, 59).getTime()));
  });

  it('name the year only when it is another one', () => {
    const now = new Date(2026, 10, 25).getTime();
    expect(longDay(new Date(2026, 10, 16).getTime(), now, 'es')).toBe('Lunes, 16 de noviembre');
    expect(longDay(new Date(2025, 10, 17).getTime(), now, 'es')).toContain('2025');
  });

  it('survive a zone this browser does not know', () => {
    expect(timeInZone(0, 'Europe/Madrid', 'es')).toBe('1:00');
    expect(timeInZone(0, 'Mars/Olympus', 'es')).toBeNull();
  });
});
