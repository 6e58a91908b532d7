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

  /** `isPage`: calls as a page of `origin` does, with a bearer token too. */
  constructor(origin, { bearer = null, isPage = false } = {}) {
    Object.assign(this, { origin, bearer, isPage });
  }

  get cookie() {
    return this.#cookie;
  }

  get headers() {
    if (this.bearer) return { authorization: `Bearer ${this.bearer}`, ...(this.isPage ? { origin: this.origin } : {}) };
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
    for (let page = await this.get(path); ; page = await this.get(`${path}${path.includes('?') ? '&' : '?'}after=${encodeURIComponent(page.page.next)}`)) {
      items.push(...page.items);
      if (!page.page.has_more) return items;
    }
  }

  /** Entries of a conversation after `seq`, in order. */
  async entries(conversation, seq = 0) {
    const found = [];
    for (let last = seq; ; last = found.at(-1).seq) {
      const { items } = await this.get(`/conversations/${conversation}/entries?after=${last}&limit=200`);
      if (items.length === 0) return found;
      found.push(...items.sort((a, b) => a.seq - b.seq));
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
