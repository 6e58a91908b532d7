/** Short messages at the bottom, with an undo where there is one. */

export interface Toast { id: number; text: string; tone: 'plain' | 'bad'; action?: { label: string; run: () => void } }

/** An undo stays long enough to be noticed; the rest leaves sooner. */
const ACTION_MS = 8_000;
const PLAIN_MS = 5_000;

class Toasts {
  items = $state.raw<readonly Toast[]>([]);
  #next = 1;

  show(text: string, options: { tone?: Toast['tone']; action?: { label: string; run: () => void } } = {}): void {
    const id = this.#next++;
    const toast: Toast = { id, text, tone: options.tone ?? 'plain', ...(options.action ? { action: options.action } : {}) };
    this.items = [...this.items.slice(-2), toast];
    setTimeout(() => this.dismiss(id), options.action || toast.tone === 'bad' ? ACTION_MS : PLAIN_MS);
  }

  /** What the newest toast offers to do; undefined when none does. */
  get action(): (() => void) | undefined {
    const toast = this.items.findLast((one) => one.action !== undefined);
    return toast && (() => { toast.action?.run(); this.dismiss(toast.id); });
  }

  dismiss(id: number): void {
    this.items = this.items.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
