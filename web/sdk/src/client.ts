/**
 * The REST transport: cookie session, CSRF header, problem+json as {@link ApiError}.
 *
 * Knows no endpoint; those are in `api.ts`. Never retries by itself: a caller that retries a POST passes the same
 * `idempotencyKey` again.
 */
import type { FieldError, Problem } from './model';

/** Refusal by the server, or a request that got no answer (`code` `network`, `status` 0). */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly errors: readonly FieldError[];
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  /** The whole problem document, for members named with the code. */
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = 'ApiError';
    this.code = problem.code;
    this.status = problem.status;
    this.errors = problem.errors ?? [];
    this.requestId = problem.request_id ?? null;
    this.retryAfterMs = problem.retry_after_ms ?? null;
    this.problem = problem;
  }

  /** True when no answer arrived: offline, refused connection, or cut while waiting. */
  get isNetwork(): boolean {
    return this.status === 0;
  }
}

export interface RequestOptions {
  query?: Query;
  body?: unknown;
  /** Sent as it is, with its own type: an attachment. */
  raw?: Blob;
  idempotencyKey?: string;
  /** Version the caller has seen; sent as `If-Match`. */
  ifMatch?: number;
  signal?: AbortSignal;
}
export interface UploadOptions {
  query?: Query;
  /** Share of the bytes that left, 0–1. */
  onProgress?: (share: number) => void;
  signal?: AbortSignal;
}
export type QueryValue = string | number | boolean | null | undefined;
export type Query = Record<string, QueryValue | readonly QueryValue[]>;
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ClientOptions {
  /** Root of the API, without a slash at the end. */
  base?: string;
  fetch?: typeof fetch;
  /** Called for every 401 that is not the answer to a sign-in. */
  onUnauthenticated?: () => void;
}

export class Client {
  #csrf: string | null = null;
  readonly #base: string;
  readonly #fetch: typeof fetch;
  readonly #onUnauthenticated: () => void;

  constructor(options: ClientOptions = {}) {
    this.#base = options.base ?? '/api/v1';
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#onUnauthenticated = options.onUnauthenticated ?? (() => undefined);
  }

  /** Token of the present session; every write by cookie needs it. */
  useCsrf(token: string | null): void {
    this.#csrf = token;
  }

  /** Sends one request and returns the decoded body, `undefined` for 204. @throws {ApiError} */
  async request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
    return this.#answer<T>(await this.#send(method, path, options));
  }

  async #answer<T>(response: Response): Promise<T> {
    if (response.ok) return await decode<T>(response);
    const error = new ApiError(await problemOf(response));
    if (['unauthenticated', 'session_expired', 'token_revoked'].includes(error.code)) this.#onUnauthenticated();
    throw error;
  }

  /**
   * Sends bytes with progress, which `fetch` cannot tell. @throws {ApiError} also when it was cut or aborted.
   */
  upload<T>(path: string, file: Blob, options: UploadOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const request = new XMLHttpRequest();
      const cut = () => reject(new ApiError(NO_ANSWER));
      request.open('POST', this.#base + path + queryString(options.query));
      for (const [name, value] of Object.entries(this.#headers('POST', { raw: file }))) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => event.lengthComputable && options.onProgress?.(event.loaded / event.total);
      request.onload = () => {
        const response = new Response(request.status === 204 ? null : request.responseText, { status: request.status, headers: retryHeaders(request) });
        this.#answer<T>(response).then(resolve, reject);
      };
      request.onerror = cut;
      request.onabort = cut;
      options.signal?.addEventListener('abort', () => request.abort());
      request.send(file);
    });
  }

  async #send(method: Method, path: string, options: RequestOptions): Promise<Response> {
    const init: RequestInit = { method, headers: this.#headers(method, options), credentials: 'same-origin' };
    if (options.raw !== undefined) init.body = options.raw;
    else if (options.body !== undefined) init.body = JSON.stringify(options.body);
    if (options.signal) init.signal = options.signal;
    try {
      return await this.#fetch(this.#base + path + queryString(options.query), init);
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      throw new ApiError(NO_ANSWER);
    }
  }

  #headers(method: Method, options: RequestOptions): Record<string, string> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (options.raw !== undefined) headers['Content-Type'] = options.raw.type || 'application/octet-stream';
    else if (options.body !== undefined) headers['Content-Type'] = 'application/json';
    if (method !== 'GET' && this.#csrf) headers['X-CSRF-Token'] = this.#csrf;
    if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey;
    if (options.ifMatch !== undefined) headers['If-Match'] = `"${options.ifMatch}"`;
    return headers;
  }
}

const NO_ANSWER: Problem = { type: '/problems/network', title: 'no answer', status: 0, code: 'network' };

function retryHeaders(request: XMLHttpRequest): Record<string, string> {
  const after = request.getResponseHeader('Retry-After');
  return after === null ? {} : { 'Retry-After': after };
}

/** `?a=1&b=2&b=3`; absent and null values are left out. Empty when nothing is left. */
export function queryString(query: Query | undefined): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) params.append(name, String(one));
    }
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

async function decode<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    type: '/problems/internal',
    title: response.statusText,
    status: response.status,
    code: response.status >= 502 ? 'unavailable' : 'internal',
  };
  try {
    const body = (await response.json()) as Partial<Problem>;
    const retry = Number(response.headers.get('Retry-After'));
    return { ...(retry > 0 ? { retry_after_ms: retry * 1000 } : {}), ...fallback, ...body };
  } catch {
    return fallback;
  }
}
