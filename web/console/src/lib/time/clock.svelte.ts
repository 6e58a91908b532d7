/** One shared clock that follows the server; ticks once a second while somebody looks. */
import type { Timestamp } from '@centralita/sdk';

class Clock {
  /** Server time in ms since 1970, whole seconds apart. */
  now = $state(Date.now());
  #offset = 0;

  constructor() {
    setInterval(() => this.#tick(), 1_000);
  }

  /** Learns the server's clock. Differences under 250 ms are kept: they are the network, not the clock. */
  adjust(serverNow: Timestamp): void {
    const offset = Date.parse(serverNow) - Date.now();
    if (Math.abs(offset - this.#offset) > 250) this.#offset = offset;
    this.#tick();
  }

  /** Server time right now, not rounded to the tick. */
  precise(): number {
    return Date.now() + this.#offset;
  }

  #tick(): void {
    this.now = this.precise();
  }
}

export const clock = new Clock();
