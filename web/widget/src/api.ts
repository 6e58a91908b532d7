/** The REST half of the visitor protocol. No cookies, no credentials; one bearer token. */

/** A refusal (RFC 9457 problem) or, with `status` 0, a network that did not carry the call. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number;
  /** `max` or `max_bytes` of the problem, where the refusal is about a limit. */
  readonly max: number | undefined;

  constructor(status: number, problem: Problem = {}, retryAfterMs = 0) {
    super(problem.code ?? 'network');
    this.status = status;
    this.code = this.message;
    this.retryAfterMs = retryAfterMs;
    this.max = problem.max ?? problem.max_bytes;
  }
}

interface Problem {
  readonly code?: string;
  readonly retry_after_ms?: number;
  readonly max?: number;
  readonly max_bytes?: number;
}

const CALL_TIMEOUT_MS = 20_000;
const UPLOAD_TIMEOUT_MS = 180_000;

export class Api {
  /** `{origin}/api/v1/widget/{widget_key}` */
  readonly base: string;
  token: string | null = null;
  /** Told after each call whether the network carried it. */
  onReach: (isReached: boolean) => void = () => {};

  constructor(base: string) {
    this.base = base;
  }

  /** @throws {@link ApiError} */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.#fetch(method, path, body && JSON.stringify(body), 'application/json', CALL_TIMEOUT_MS);
    return (response.status === 204 ? null : await response.json()) as T;
  }

  /** Uploads raw bytes. @throws {@link ApiError} */
  async upload(file: File): Promise<{ readonly id: string }> {
    const path = '/attachments?name=' + encodeURIComponent(file.name);
    const response = await this.#fetch('POST', path, file, file.type || 'application/octet-stream', UPLOAD_TIMEOUT_MS);
    return (await response.json()) as { id: string };
  }

  /** The bytes of an attachment. @throws {@link ApiError} */
  async download(id: string): Promise<Blob> {
    return (await this.#fetch('GET', '/attachments/' + id, undefined, '', UPLOAD_TIMEOUT_MS)).blob();
  }

  async #fetch(method: string, path: string, body: BodyInit | undefined, type: string, timeoutMs: number): Promise<Response> {
    const headers: Record<string, string> = {};
    if (body) headers['Content-Type'] = type;
    if (this.token) headers['Authorization'] = 'Bearer ' + this.token;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    let response: Response;
    try {
      response = await fetch(this.base + path, { method, headers, body: body ?? null, credentials: 'omit', signal: abort.signal });
    } catch {
      this.onReach(false);
      throw new ApiError(0);
    } finally {
      clearTimeout(timer);
    }
    this.onReach(true);
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

async function refusal(response: Response): Promise<ApiError> {
  let problem: Problem = {};
  try {
    problem = (await response.json()) as Problem;
  } catch {
    // A proxy answered in its own words; the status says enough.
  }
  const seconds = Number(response.headers.get('Retry-After'));
  return new ApiError(response.status, { code: 'http_' + response.status, ...problem }, problem.retry_after_ms ?? (seconds > 0 ? seconds * 1000 : 0));
}
