// The built binary on a free port with a data folder of its own.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Feed, until, within } from './wait.mjs';

const BINARY = process.env.CENTRALITA_BINARY ?? 'target/debug/centralita';
const START_DEADLINE_MS = 60_000;

/** Processes that must not outlive us, however we end. */
const children = new Set();
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

/** Ends `child` with this process. */
export function owned(child) {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** A port of the loopback address that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A folder below the system's temporary one; `remove()` deletes it. */
export function scratch(name) {
  const path = mkdtempSync(join(tmpdir(), `centralita-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** All visitors of a suite come from one address, and write faster than people do. */
const AMPLE = [
  'visitor_sessions_per_min', 'visitor_sessions_per_network_per_min', 'visitor_messages_per_min', 'visitor_calls_per_min',
  'session_calls_per_min', 'token_calls_per_min', 'guest_calls_per_min', 'user_sockets', 'visitor_sockets',
].map((name) => `${name}=1000000`).join(',');

export class Server {
  #child = null;
  #options;
  /** Lines the process wrote, over all its starts. */
  lines = new Feed();
  #startedAt = 0;

  /** `databaseUrl` chooses PostgreSQL; `env` adds settings; `args` go to `run`. */
  constructor({ dataDir, port, databaseUrl, env = {}, args = [] }) {
    this.#options = { dataDir, port, databaseUrl, env, args };
    this.origin = `http://127.0.0.1:${port}`;
  }

  static async fresh(name, options = {}) {
    const folder = scratch(name);
    const server = new Server({ dataDir: join(folder.path, 'data'), port: await freePort(), ...options });
    server.folder = folder;
    return server;
  }

  get pid() {
    return this.#child?.pid;
  }

  /** Starts the process and waits until it is ready for work. */
  async start() {
    this.spawn();
    await this.ready();
    return this;
  }

  /** Starts the process without waiting. */
  spawn() {
    const { dataDir, port, databaseUrl, env, args } = this.#options;
    const database = databaseUrl ? ['--database-url', databaseUrl] : [];
    this.#startedAt = this.lines.items.length;
    const child = owned(spawn(BINARY, ['run', '--data-dir', dataDir, '--listen', `127.0.0.1:${port}`, ...database, ...args], {
      env: { ...process.env, CENTRALITA_LIMITS: AMPLE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }));
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', (error) => resolve({ error }));
    });
  }

  /** Waits until `/readyz` says so; fails at once, with its last words, when the process has ended. */
  async ready(deadlineMs = START_DEADLINE_MS) {
    let ended = null;
    this.exited.then((exit) => (ended = exit));
    await until(
      `${this.origin} ready`,
      async () => {
        if (ended) return true;
        const response = await fetch(`${this.origin}/readyz`, { signal: AbortSignal.timeout(2_000) });
        return response.ok;
      },
      { deadlineMs },
    );
    if (ended) throw new Error(`the process ended: ${JSON.stringify(ended)}\n${this.lastLines()}`);
  }

  /** The one-use link printed by this start: set-up while it is due, sign-in afterwards. */
  async link() {
    const pattern = /https?:\/\/\S+[?&](?:t|link)=([\w.~-]+)/;
    const line = await this.lines.next('one-use link', (l) => pattern.test(l), { from: this.#startedAt });
    const [url, token] = line.match(pattern);
    return { url, token };
  }

  /** SIGKILL, as a crash. */
  async kill() {
    this.#child?.kill('SIGKILL');
    return within('process to end', 10_000, this.exited);
  }

  /** SIGTERM, as an operator would. */
  async stop() {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    await within('process to stop', 20_000, this.exited).catch(() => this.kill());
  }

  /** Stops the process and deletes its data. */
  async dispose() {
    await this.stop();
    this.folder?.remove();
  }

  lastLines(count = 20) {
    return this.lines.items.slice(-count).join('\n');
  }
}
