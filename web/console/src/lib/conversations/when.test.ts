import { describe, expect, it } from 'vitest';
import { parseWhen } from './when';

/** A Wednesday, 10:30 by the clock on the wall. */
const NOW = new Date(2026, 10, 25, 10, 30).getTime();
const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute).getTime();

describe('a moment in words', () => {
  it.each([
    ['en 2 h', NOW + 7_200_000], ['en 30 min', NOW + 1_800_000], ['dentro de una hora', NOW + 3_600_000], ['in 3 days', NOW + 3 * 86_400_000], ['en media hora', NOW + 1_800_000],
    ['mañana', at(26, 9)], ['mañana a las 9:30', at(26, 9, 30)], ['tomorrow 9am', at(26, 9)], ['tomorrow at 4 pm', at(26, 16)], ['pasado mañana 8', at(27, 8)],
    ['el lunes a las 9', at(30, 9)], ['lunes', at(30, 9)], ['friday 17:00', at(27, 17)], ['miércoles 9', at(25 + 7, 9)], ['wednesday 18', at(25, 18)],
    ['18:00', at(25, 18)], ['9:00', at(26, 9)],
  ])('reads «%s»', (text, expected) => expect(parseWhen(text, NOW)).toBe(expected));

  it.each(['', 'ayer', 'hoy 9', 'en 0 h', 'cuando sea', 'mañana 99', 'en 3 pepinos'])('does not guess «%s»', (text) => expect(parseWhen(text, NOW)).toBeNull());
});
