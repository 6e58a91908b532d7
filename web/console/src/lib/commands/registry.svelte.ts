/** Every action of the console is a command here: palette, shortcuts and the `?` sheet read this one list. */
import { settings } from '$lib/settings/settings.svelte';
import { Chords, isTyping, shortcutOf } from './keyboard';

export interface Command {
  id: string;
  label: () => string;
  group: 'go' | 'conversation' | 'offer' | 'list' | 'me' | 'app';
  icon?: string;
  /** `mod+k`, `e`, `g i`; several are tried in turn. */
  keys?: readonly string[];
  /** Whether it makes sense now; absent = always. */
  when?: () => boolean;
  /** Also while a text field has the focus. Those with `mod` always do. */
  inText?: boolean;
  isHidden?: boolean;
  run: () => void;
}

class Registry {
  #groups = $state.raw<readonly (readonly Command[])[]>([]);
  readonly #chords = new Chords();

  /** Adds commands and returns what takes them away. Later ones win a shortcut over earlier ones. */
  add(commands: readonly Command[]): () => void {
    this.#groups = [...this.#groups, commands];
    return () => (this.#groups = this.#groups.filter((group) => group !== commands));
  }

  get all(): readonly Command[] {
    return this.#groups.flat();
  }
  get available(): readonly Command[] {
    return this.all.filter((command) => command.when?.() ?? true);
  }

  /** Runs the command of a key press. True when there was one. */
  press(event: KeyboardEvent): boolean {
    const shortcut = shortcutOf(event);
    if (shortcut === null || event.defaultPrevented || event.isComposing) return false;
    const isBare = !shortcut.startsWith('mod+');
    if (isBare && this.#isBlocked(event)) return false;
    const full = isBare ? this.#chords.push(shortcut, event.timeStamp, (key) => this.#starts(key)) : shortcut;
    const command = this.available.toReversed().find((one) => one.keys?.includes(full));
    if (!command) return false;
    event.preventDefault();
    command.run();
    return true;
  }

  #isBlocked(event: KeyboardEvent): boolean {
    if (event.repeat && event.key.length > 1) return false;
    const isInOverlay = document.querySelector('[role=dialog][data-state=open], [role=menu][data-state=open]') !== null;
    return isTyping(event.target) || isInOverlay || (!settings.hasSingleKeys && event.key.length === 1);
  }

  #starts(key: string): boolean {
    return this.all.some((command) => command.keys?.some((keys) => keys.startsWith(`${key} `)));
  }
}

export const commands = new Registry();
