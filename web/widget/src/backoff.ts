/** Waiting times between attempts. Pure: the random number is a parameter (0 ≤ random < 1). */

const LONGEST_MS = 30_000;

const doubled = (firstMs: number, attempt: number): number => Math.min(LONGEST_MS, firstMs * 2 ** attempt);

/** Outbox: 1 s, doubling to 30 s, the upper half of each step random. Never sooner than the server's `Retry-After`. */
export const outboxDelay = (attempt: number, random: number, retryAfterMs: number): number =>
  Math.max(retryAfterMs, (doubled(1_000, attempt) * (1 + random)) / 2);

/** Socket: anywhere in 0–5 s, then the range doubles to 0–30 s, so that a restarted server is not stormed. */
export const socketDelay = (attempt: number, random: number): number => doubled(5_000, attempt) * random;
