import { describe, expect, it } from 'vitest';
import { dayProblem, nextInterval, OFFICE, openMinutes, orderedExceptions, week } from './hours';

describe('opening hours', () => {
  it('refuse a day that ends before it begins and intervals that overlap', () => {
    expect(dayProblem([{ from: '18:00', to: '09:00' }])).toBe('backwards');
    expect(dayProblem([{ from: '16:00', to: '20:00' }, { from: '09:00', to: '16:30' }])).toBe('overlap');
    expect(dayProblem([{ from: '16:00', to: '20:00' }, { from: '09:00', to: '14:00' }])).toBeNull();
    expect(dayProblem([{ from: '20:00', to: '24:00' }])).toBeNull();
  });

  it('always have seven days and times without seconds', () => {
    expect(week([[{ from: '09:00:00', to: '17:30:00' }]])).toEqual([[{ from: '09:00', to: '17:30' }], [], [], [], [], [], []]);
    expect(week(null)).toHaveLength(7);
  });

  it('suggest the afternoon after the morning', () => {
    expect(nextInterval([{ from: '09:00', to: '14:00' }])).toEqual({ from: '15:00', to: '18:00' });
    expect(dayProblem([{ from: '09:00', to: '14:00' }, nextInterval([{ from: '09:00', to: '14:00' }])])).toBeNull();
  });

  it('add up', () => expect(openMinutes(OFFICE)).toBe(5 * 9 * 60));

  it('keep exceptions in order and drop unfinished ones', () => {
    const list = orderedExceptions([{ on: '2026-12-25', intervals: [], name: 'Navidad' }, { on: '', intervals: [], name: null }, { on: '2026-12-06', intervals: [], name: null }]);
    expect(list.map((one) => one.on)).toEqual(['2026-12-06', '2026-12-25']);
  });
});
