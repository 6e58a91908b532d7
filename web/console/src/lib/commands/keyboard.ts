/**
 * From a key press to a shortcut text. Pure.
 *
 * Matches `event.key`, never the physical key, and never anything with Alt or AltGr (AltGr reports Ctrl+Alt on many
 * layouts), so that `@`, `#`, `[` and Polish or Spanish letters stay what they are.
 */

export interface KeyPress { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; shiftKey: boolean }

/** `mod+k`, `mod+shift+enter`, `shift+e`, `?`, `j`; null for what is never a shortcut. */
export function shortcutOf(press: KeyPress): string | null {
  if (press.altKey || ['Shift', 'Control', 'Meta', 'Dead', 'Process', 'AltGraph'].includes(press.key)) return null;
  const isLetter = /^\p{L}$/u.test(press.key);
  const name = press.key === ' ' ? 'space' : press.key.toLowerCase();
  const shift = press.shiftKey && (isLetter || press.key.length > 1) ? 'shift+' : '';
  return `${press.ctrlKey || press.metaKey ? 'mod+' : ''}${shift}${name}`;
}

/** True where a bare key is text or has its own meaning. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches('input, textarea, select');
}

/** How long the second key of a chord is waited for, in ms. */
export const CHORD_MS = 1_000;

/** Remembers the first key of a chord such as `g i`. */
export class Chords {
  #first: { key: string; at: number } | null = null;

  /** The full shortcut for this press: `g i` when `g` came just before, else the press itself. */
  push(shortcut: string, now: number, isChordStart: (key: string) => boolean): string {
    const first = this.#first;
    this.#first = null;
    if (first && now - first.at <= CHORD_MS) return `${first.key} ${shortcut}`;
    if (isChordStart(shortcut)) this.#first = { key: shortcut, at: now };
    return shortcut;
  }
}

const IS_MAC = typeof navigator !== 'undefined' && /Mac|iP(hone|ad)/.test(navigator.userAgent);
const SHOWN: Record<string, string> = { mod: IS_MAC ? '⌘' : 'Ctrl', enter: '↵', escape: 'Esc', arrowdown: '↓', arrowup: '↑' };

/** `mod+enter` → `Ctrl ↵`, as a keycap shows it; `shift` in the reader's language. */
export function keyLabel(shortcut: string, shiftName: string): string {
  return shortcut
    .split(' ')
    .map((chord) => chord.split('+').map((part) => (part === 'shift' ? shiftName : (SHOWN[part] ?? part.toUpperCase()))).join(' '))
    .join(' ');
}
