/** Says new messages to assistive technology: the first at once, then at most one sentence every few seconds. */

const EVERY_MS = 4_000;

export class Announcer {
  readonly #region: Element;
  readonly #many: (count: number) => string;
  #waiting: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `region` is a polite live region that is always in the page; `many` sums up several messages. */
  constructor(region: Element, many: (count: number) => string) {
    this.#region = region;
    this.#many = many;
  }

  add(sentence: string): void {
    this.#waiting.push(sentence);
    if (!this.#timer) this.#flush();
  }

  #flush(): void {
    const [first, ...more] = this.#waiting;
    this.#timer = first === undefined ? undefined : setTimeout(() => this.#flush(), EVERY_MS);
    if (first === undefined) return;
    this.#region.textContent = more.length ? this.#many(this.#waiting.length) : first;
    this.#waiting = [];
  }
}
