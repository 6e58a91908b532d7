/**
 * The host's colour, corrected so that text on it and in it is readable (WCAG 2.2 AA, 4.5 : 1).
 *
 * The hue stays; only lightness moves, and no more than needed.
 */
type Rgb = readonly [number, number, number];

export interface BrandTones {
  /** Fill of buttons, own bubbles and the launcher. */
  readonly fill: string;
  /** Text on the fill. */
  readonly onFill: string;
  /** The colour as text, line or icon on the page's background and on the tint. */
  readonly text: string;
  /** Faint background of cards in the brand's colour. */
  readonly tint: string;
}

export const READABLE = 4.5;
/** A fill on the dark panel stands out this much, as the light one's does on white. */
const SEEN_ON_DARK = 8;
const DEFAULT = '#1d5fd6';
const WHITE = '#ffffff';
const INK = '#101828';
const GROUND = { light: '#ffffff', dark: '#0f1216' } as const;

function rgb(hex: string): Rgb {
  const long = hex.length === 4 ? hex.replace(/[^#]/g, '$&$&') : hex;
  const n = parseInt(long.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

const hex = (color: Rgb): string => '#' + color.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('');

function luminance(color: string): number {
  const [r, g, b] = rgb(color).map((part) => {
    const s = part / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio of two `#rrggbb` colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** `share` of the way from one colour to the other, 0 to 1. */
function mix(from: string, to: string, share: number): string {
  const target = rgb(to);
  return hex(rgb(from).map((part, i) => part + (target[i]! - part) * share) as unknown as Rgb);
}

/** Moves `color` towards `goal` in small steps until it satisfies. */
function until(color: string, goal: string, isGood: (color: string) => boolean): string {
  let moved = color;
  for (let share = 0; share <= 1 && !isGood(moved); share += 0.02) moved = mix(color, goal, share);
  return moved;
}

/** The same hue as bright as it gets, softened a little: where a dark colour goes to be seen on a dark page. */
function bright(color: string): string {
  const parts = rgb(color);
  const top = Math.max(...parts) || 1;
  return mix(hex(parts.map((part) => (part * 255) / top) as unknown as Rgb), WHITE, 0.25);
}

/** The tones of a brand colour (`#rgb` or `#rrggbb`, else the default) for a light or dark panel. */
export function tones(color: string | null | undefined, theme: 'light' | 'dark'): BrandTones {
  const brand = color && /^#([\da-f]{3}|[\da-f]{6})$/i.test(color) ? hex(rgb(color)) : DEFAULT;
  const ground = GROUND[theme];
  const away = theme === 'light' ? INK : WHITE;
  const isSeen = (c: string): boolean => theme === 'light' || contrast(c, ground) >= SEEN_ON_DARK;
  const seen = until(until(brand, bright(brand), isSeen), WHITE, isSeen);
  const [first, second] = theme === 'light' ? [WHITE, INK] : [INK, WHITE];
  const isGood = (c: string): boolean => contrast(c, first) >= READABLE || contrast(c, second) >= READABLE;
  const fill = until(seen, INK, isGood);
  const onFill = contrast(fill, first) >= READABLE ? first : second;
  const tint = mix(ground, mix(fill, bright(fill), 0.5), theme === 'light' ? 0.09 : 0.14);
  const text = until(fill, away, (c) => contrast(c, ground) >= READABLE && contrast(c, tint) >= READABLE);
  return { fill, onFill, text, tint };
}
