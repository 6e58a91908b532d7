import { describe, expect, it } from 'vitest';
import { ApiError, Client, queryString } from './client';

function client(status: number, body: unknown, headers: Record<string, string> = {}) {
  const calls: { url: string; init: RequestInit }[] = [];
  let out = 0;
  const made = new Client({
    fetch: async (input, init) => {
      calls.push({ url: String(input), init: init ?? {} });
      return new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
    },
    onUnauthenticated: () => (out += 1),
  });
  return { made, calls, signedOut: () => out };
}
const headers = (init: RequestInit | undefined) => (init?.headers ?? {}) as Record<string, string>;

describe('the client', () => {
  it('sends the CSRF token with writes and not with reads', async () => {
    const { made, calls } = client(200, {});
    made.useCsrf('t0ken');
    await made.request('GET', '/a');
    await made.request('POST', '/a', { body: {}, idempotencyKey: 'k' });
    expect(headers(calls[0]?.init)['X-CSRF-Token']).toBeUndefined();
    expect(headers(calls[1]?.init)).toMatchObject({ 'X-CSRF-Token': 't0ken', 'Idempotency-Key': 'k', 'Content-Type': 'application/json' });
  });

  it('quotes the version of If-Match', async () => {
    const { made, calls } = client(200, {});
    await made.request('PATCH', '/a', { body: {}, ifMatch: 7 });
    expect(headers(calls[0]?.init)['If-Match']).toBe('"7"');
  });

  it('turns a problem document into an error with its code, fields and wait', async () => {
    const { made } = client(422, { code: 'invalid', title: 'invalid', status: 422, type: '/problems/invalid', errors: [{ pointer: '/email', code: 'required' }] }, { 'Retry-After': '3' });
    const error = await made.request('POST', '/a', { body: {} }).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'invalid', status: 422, retryAfterMs: 3000, errors: [{ pointer: '/email', code: 'required' }] });
  });

  it('says when the session ended, but not for a failed sign-in', async () => {
    const expired = client(401, { code: 'session_expired', title: '', status: 401, type: '' });
    await expired.made.request('GET', '/a').catch(() => undefined);
    expect(expired.signedOut()).toBe(1);
    const wrong = client(401, { code: 'invalid_credentials', title: '', status: 401, type: '' });
    await wrong.made.request('POST', '/session').catch(() => undefined);
    expect(wrong.signedOut()).toBe(0);
  });

  it('calls a page of a broken proxy unavailable', async () => {
    const { made } = client(502, 'Bad gateway');
    await expect(made.request('GET', '/a')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('tells a lost connection from a refusal', async () => {
    const made = new Client({ fetch: async () => Promise.reject(new TypeError('failed')) });
    await expect(made.request('GET', '/a')).rejects.toMatchObject({ isNetwork: true, code: 'network' });
  });

  it('returns nothing for 204', async () => {
    const { made } = client(204, undefined);
    expect(await made.request('DELETE', '/a')).toBeUndefined();
  });
});

describe('queryString', () => {
  it('repeats lists and leaves out what is absent', () => {
    expect(queryString({ a: 1, b: ['x', 'y'], c: null, d: undefined, e: false })).toBe('?a=1&b=x&b=y&e=false');
    expect(queryString({})).toBe('');
  });
});
