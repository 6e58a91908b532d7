// A private PostgreSQL by scripts/postgres.sh, which can also be killed.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, scratch } from './server.mjs';
import { until } from './wait.mjs';

export class Postgres {
  static async start() {
    const postgres = new Postgres();
    postgres.folder = scratch('postgres');
    chmodSync(postgres.folder.path, 0o755);
    postgres.cluster = join(postgres.folder.path, 'cluster');
    postgres.port = await freePort();
    postgres.again();
    return postgres;
  }

  /** Starts it, or starts it again after {@link kill}. */
  again() {
    const out = execFileSync('scripts/postgres.sh', ['start', this.cluster, String(this.port)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    this.url = out.trim().split('\n').pop();
  }

  /** SIGKILL to every process of the cluster: what a power cut leaves. */
  async kill() {
    const postmaster = Number(readFileSync(join(this.cluster, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
    const family = [postmaster, ...children(postmaster)];
    for (const pid of family) signal(pid, 'SIGKILL');
    await until('PostgreSQL to be gone', () => family.every((pid) => !signal(pid, 0)));
  }

  dispose() {
    execFileSync('scripts/postgres.sh', ['stop', this.cluster], { stdio: 'ignore' });
    this.folder.remove();
  }
}

function children(pid) {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text ? text.split(' ').map(Number) : [];
}

/** Whether there still was a process to signal; one that ended and was not collected yet counts. */
function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
