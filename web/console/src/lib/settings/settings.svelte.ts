/** What a person chose for this browser: theme, single-key shortcuts, sound, columns. */

export type Theme = 'system' | 'light' | 'dark';
interface Stored { theme: Theme; hasSingleKeys: boolean; hasSound: boolean; hasContext: boolean; sort: string; enterSends: boolean; hasFirstSteps: boolean }

const KEY = 'centralita.settings';
const DEFAULTS: Stored = { theme: 'system', hasSingleKeys: true, hasSound: true, hasContext: true, sort: 'sla', enterSends: true, hasFirstSteps: true };

class Settings {
  #values = $state.raw<Stored>(read());

  constructor() {
    show(this.#values.theme);
  }

  get theme(): Theme {
    return this.#values.theme;
  }
  /** Single-key shortcuts (WCAG 2.1.4): those with Ctrl or ⌘ stay. */
  get hasSingleKeys(): boolean {
    return this.#values.hasSingleKeys;
  }
  get hasSound(): boolean {
    return this.#values.hasSound;
  }
  get hasContext(): boolean {
    return this.#values.hasContext;
  }
  /** Enter sends in conversations by messages; Shift and Enter break the line. */
  get enterSends(): boolean {
    return this.#values.enterSends;
  }
  /** The list of what to do after set-up is shown while no conversation is open. */
  get hasFirstSteps(): boolean {
    return this.#values.hasFirstSteps;
  }
  get sort(): string {
    return this.#values.sort;
  }

  set(patch: Partial<Stored>): void {
    this.#values = { ...this.#values, ...patch };
    localStorage.setItem(KEY, JSON.stringify(this.#values));
    show(this.#values.theme);
  }
}

function read(): Stored {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Stored>) };
  } catch {
    return DEFAULTS;
  }
}

function show(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export const settings = new Settings();
