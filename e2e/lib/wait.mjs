// Waiting for conditions, never for time.

/** Repeats `probe` until it returns something truthy, and returns that; throws after the deadline. */
export async function until(what, probe, { deadlineMs = 10_000, everyMs = 50 } = {}) {
  const deadline = Date.now() + deadlineMs;
  let last;
  for (;;) {
    try {
      const found = await probe();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline) {
      throw new Error(`${what}: not within ${deadlineMs} ms${last ? ` (${last.message})` : ''}`, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** A list that grows and whose readers wait for the next item they care about. */
export class Feed {
  items = [];
  #readers = new Set();
  #failure = null;

  push(item) {
    this.items.push(item);
    for (const read of [...this.#readers]) read();
  }

  /** Ends the waiting of all readers. */
  fail(error) {
    this.#failure = error;
    for (const read of [...this.#readers]) read();
  }

  /** The first item from `from` on that `accepts`; throws after the deadline, naming what it waited for. */
  next(what, accepts, { from = 0, deadlineMs = 10_000 } = {}) {
    return new Promise((resolve, reject) => {
      let at = from;
      const end = (finish, value) => {
        clearTimeout(timer);
        this.#readers.delete(read);
        finish(value);
      };
      const read = () => {
        for (; at < this.items.length; at += 1) if (accepts(this.items[at])) return end(resolve, this.items[at]);
        if (this.#failure) end(reject, new Error(`${what}: ${this.#failure.message}`));
      };
      const timer = setTimeout(() => end(reject, new Error(`${what}: not within ${deadlineMs} ms`)), deadlineMs);
      this.#readers.add(read);
      read();
    });
  }
}

/** Fails unless the promise settles in time. */
export function within(what, deadlineMs, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${deadlineMs} ms`)), deadlineMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
