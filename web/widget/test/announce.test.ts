import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Announcer } from '../src/announce.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('says the first message at once and sums up those that follow closely', () => {
  const region = document.createElement('div');
  const announcer = new Announcer(region, (n) => n + ' new');
  announcer.add('Ana: one');
  expect(region.textContent).toBe('Ana: one');
  ['two', 'three', 'four'].forEach((text) => announcer.add(text));
  expect(region.textContent).toBe('Ana: one');
  vi.advanceTimersByTime(4_000);
  expect(region.textContent).toBe('3 new');
  vi.advanceTimersByTime(8_000);
  announcer.add('five');
  expect(region.textContent).toBe('five');
});
