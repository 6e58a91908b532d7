/** Waiting times between attempts. Pure: the random number is a parameter (0 ≤ random < 1). */

const OUTBOX_FIRST_MS = 1_000;
const SOCKET_FIRST_MS = 5_000;
const LONGEST_MS = 30_000;

const doubled = (firstMs: number, attempt: number): number => Math.min(LONGEST_MS, firstMs * 2 ** Math.min(attempt, 16));

/** Outbox: 1 s, doubling to 30 s, the upper half of each step random. Never sooner than the server's `Retry-After`. */
export function outboxDelay(attempt: number, random: number, retryAfterMs = 0): number {
  const full = doubled(OUTBOX_FIRST_MS, attempt);
  return Math.max(retryAfterMs, Math.round(full * (0.5 + random / 2)));
}

/** Socket: anywhere in 0–5 s, then the range doubles to 0–30 s, so that a restarted server is not stormed. */
export function socketDelay(attempt: number, random: number): number {
  return Math.round(doubled(SOCKET_FIRST_MS, attempt) * random);
}
