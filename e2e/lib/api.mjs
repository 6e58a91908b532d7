// A client of the REST contract: a cookie session with its CSRF token, a bearer token, or neither.

/** A refusal: RFC 9457 problem with its stable `code`. */
export class Refused extends Error {
  constructor(method, path, status, problem) {
    super(`${method} ${path}: ${status} ${problem.code ?? ''} ${problem.detail ?? ''} ${JSON.stringify(problem.errors ?? '')}`);
    Object.assign(this, { status, code: problem.code, problem });
  }
}

export class Api {
  #cookie = null;
  #csrf = null;

  constructor(origin, { bearer = null } = {}) {
    this.origin = origin;
    this.bearer = bearer;
  }

  get cookie() {
    return this.#cookie;
  }

  get headers() {
    if (this.bearer) return { authorization: `Bearer ${this.bearer}` };
    return this.#cookie ? { cookie: this.#cookie, origin: this.origin } : { origin: this.origin };
  }

  /** Sends and returns `{status, body, headers}`; throws {@link Refused} for 4xx and 5xx. */
  async call(method, path, body, { headers = {}, raw = false, signal } = {}) {
    const isRead = method === 'GET' || method === 'HEAD';
    const response = await fetch(`${this.origin}${path.startsWith('/api') ? '' : '/api/v1'}${path}`, {
      method,
      signal: signal ?? AbortSignal.timeout(30_000),
      redirect: 'manual',
      headers: {
        ...this.headers,
        ...(!isRead && this.#csrf && !this.bearer ? { 'x-csrf-token': this.#csrf } : {}),
        ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || raw ? body : JSON.stringify(body),
    });
    this.#keepCookie(response);
    const text = await response.text();
    const parsed = text && /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
    if (!response.ok) throw new Refused(method, path, response.status, typeof parsed === 'object' ? parsed : { detail: text });
    if (parsed?.csrf_token) this.#csrf = parsed.csrf_token;
    return { status: response.status, body: parsed, headers: response.headers };
  }

  #keepCookie(response) {
    for (const cookie of response.headers.getSetCookie()) {
      const pair = cookie.split(';')[0];
      if (/^(__Host-)?centralita=/.test(pair)) this.#cookie = pair;
    }
  }

  get = async (path) => (await this.call('GET', path)).body;
  post = async (path, body = {}, options) => (await this.call('POST', path, body, options)).body;
  put = async (path, body, options) => (await this.call('PUT', path, body, options)).body;
  patch = async (path, body, options) => (await this.call('PATCH', path, body, options)).body;
  delete = async (path, options) => (await this.call('DELETE', path, undefined, options)).body;

  /** All items of a list, page by page. */
  async list(path) {
    const items = [];
    const separator = path.includes('?') ? '&' : '?';
    for (let after = ''; ; ) {
      const page = await this.get(`${path}${separator}limit=200${after && `&after=${encodeURIComponent(after)}`}`);
      items.push(...page.items);
      if (!page.page.has_more) return items;
      after = page.page.next;
    }
  }

  /** The code with which the call is refused; throws when it succeeds. */
  async refusal(method, path, body) {
    try {
      await this.call(method, path, body);
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    }
    throw new Error(`${method} ${path} was not refused`);
  }
}
