// Real mail peers on the loopback address: dovecot (IMAP) and postfix (SMTP) from Debian's packages, with
// configuration, spool and mailboxes in a temporary folder. The system's own mail set-up is not touched, and
// nothing leaves the machine: postfix knows two domains and refuses every other.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ImapFlow } from 'imapflow';
import PostalMime from 'postal-mime';
import { freePort, owned, scratch } from './server.mjs';
import { until, within } from './wait.mjs';

const run = promisify(execFile);
const HOST = '127.0.0.1';
/** Owner of the mailboxes: a user that every Debian has and that owns nothing else. */
const OWNER = { user: 'nobody', group: 'nogroup', uid: 65534, gid: 65534 };

export const DOMAIN = 'centralita.test';
export const CUSTOMER_DOMAIN = 'clientes.test';

export class MailServers {
  #imapd = null;
  #smtpd = null;

  /** Starts both with one mailbox for each `address → password` of `users`. */
  static async start(users) {
    const servers = new MailServers();
    servers.users = users;
    servers.host = HOST;
    const ports = [];
    for (let i = 0; i < 4; i += 1) ports.push(await freePort());
    [servers.imapPort, servers.imapsPort, servers.smtpPort, servers.smtpsPort] = ports;
    servers.folder = scratch('mail');
    servers.#writeFolders();
    servers.#writeCertificate();
    servers.#writeDovecot();
    servers.#writePostfix();
    await servers.startImap();
    await servers.startSmtp();
    return servers;
  }

  get #at() {
    return (...parts) => join(this.folder.path, ...parts);
  }

  /** The self-signed certificate both servers show. */
  get certificate() {
    return this.#at('cert.pem');
  }

  #writeFolders() {
    chmodSync(this.folder.path, 0o755);
    for (const name of ['mail', 'dovecot', 'postfix', 'postfix/queue', 'postfix/data', 'out']) mkdirSync(this.#at(name));
    for (const address of Object.keys(this.users)) mkdirSync(this.#at('mail', ...mailbox(address)), { recursive: true });
    asRoot('chown', ['-R', `${OWNER.user}:${OWNER.group}`, this.#at('mail')]);
    asRoot('chown', ['root:root', this.#at('postfix/queue')]);
    asRoot('chown', ['postfix:root', this.#at('postfix/data')]);
  }

  #writeCertificate() {
    const args = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE';
    const files = ['-keyout', this.#at('key.pem'), '-out', this.certificate];
    execFileSync('openssl', [...args.split(' '), ...files], { stdio: 'ignore' });
  }

  #writeDovecot() {
    const users = Object.entries(this.users).map(([address, password]) => `${address}:{PLAIN}${password}\n`);
    writeFileSync(this.#at('dovecot/users'), users.join(''));
    writeFileSync(
      this.#at('dovecot/dovecot.conf'),
      `protocols = imap
listen = ${HOST}
base_dir = ${this.#at('dovecot/run')}
state_dir = ${this.#at('dovecot/state')}
log_path = ${this.#at('dovecot/log')}
instance_name = ${this.folder.path.split('/').pop()}
ssl = yes
ssl_cert = <${this.certificate}
ssl_key = <${this.#at('key.pem')}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:~/Maildir
mailbox_idle_check_interval = 1 secs
passdb {
  driver = passwd-file
  args = username_format=%u ${this.#at('dovecot/users')}
}
userdb {
  driver = static
  args = uid=${OWNER.user} gid=${OWNER.group} home=${this.#at('mail')}/%d/%n
}
service imap-login {
  inet_listener imap {
    port = ${this.imapPort}
  }
  inet_listener imaps {
    port = ${this.imapsPort}
    ssl = yes
  }
}
service auth {
  unix_listener ${this.#at('postfix/queue/private/auth')} {
    mode = 0660
    user = postfix
    group = postfix
  }
}
`,
    );
  }

  #writePostfix() {
    const boxes = Object.keys(this.users).map((address) => `${address} ${mailbox(address).join('/')}/\n`);
    writeFileSync(this.#at('postfix/mailboxes'), boxes.join(''));
    writeFileSync(this.#at('postfix/main.cf'), this.#mainCf());
    writeFileSync(this.#at('postfix/master.cf'), this.#masterCf());
    mkdirSync(this.#at('postfix/queue/private'), { recursive: true });
    asRoot('chown', ['postfix:root', this.#at('postfix/queue/private')]);
    asRoot('chmod', ['700', this.#at('postfix/queue/private')]);
  }

  #mainCf() {
    const settings = {
      compatibility_level: '3.6',
      command_directory: '/usr/sbin',
      daemon_directory: '/usr/lib/postfix/sbin',
      queue_directory: this.#at('postfix/queue'),
      data_directory: this.#at('postfix/data'),
      maillog_file: this.#at('postfix/log'),
      maillog_file_prefixes: this.folder.path,
      mail_owner: 'postfix',
      setgid_group: 'postdrop',
      inet_interfaces: HOST,
      inet_protocols: 'ipv4',
      myhostname: `mail.${DOMAIN}`,
      mydestination: '',
      mynetworks: '127.0.0.0/8',
      alias_maps: '',
      alias_database: '',
      recipient_delimiter: '+',
      message_size_limit: String(60 * 1024 * 1024),
      virtual_mailbox_limit: '0',
      virtual_mailbox_domains: `${DOMAIN}, ${CUSTOMER_DOMAIN}`,
      virtual_mailbox_base: this.#at('mail'),
      virtual_mailbox_maps: `texthash:${this.#at('postfix/mailboxes')}`,
      virtual_uid_maps: `static:${OWNER.uid}`,
      virtual_gid_maps: `static:${OWNER.gid}`,
      local_transport: 'error:no local mail',
      default_transport: 'error:nothing leaves this machine',
      smtpd_tls_cert_file: this.certificate,
      smtpd_tls_key_file: this.#at('key.pem'),
      smtpd_tls_security_level: 'may',
      smtpd_sasl_auth_enable: 'yes',
      smtpd_sasl_type: 'dovecot',
      smtpd_sasl_path: 'private/auth',
      smtpd_relay_restrictions: 'permit_sasl_authenticated, reject_unauth_destination',
    };
    return Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`).join('');
  }

  #masterCf() {
    const wrapped = '\n  -o smtpd_tls_wrappermode=yes';
    return `${HOST}:${this.smtpPort} inet n - n - - smtpd
${HOST}:${this.smtpsPort} inet n - n - - smtpd${wrapped}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
  }

  async startImap() {
    this.#imapd = daemon('dovecot', ['-F', '-c', this.#at('dovecot/dovecot.conf')]);
    await this.#listening('dovecot', this.#imapd, this.imapPort);
  }

  async stopImap() {
    asRoot('doveadm', ['-c', this.#at('dovecot/dovecot.conf'), 'stop']);
    await within('dovecot to stop', 10_000, this.#imapd.exited);
  }

  async startSmtp() {
    this.#smtpd = daemon('postfix', ['-c', this.#at('postfix'), 'start-fg']);
    await this.#listening('postfix', this.#smtpd, this.smtpPort);
  }

  async stopSmtp() {
    asRoot('postfix', ['-c', this.#at('postfix'), 'stop']);
    await within('postfix to stop', 20_000, this.#smtpd.exited);
  }

  /** Ends every connection of `address`, as a server restart or a network would. */
  dropConnections(address) {
    asRoot('doveadm', ['-c', this.#at('dovecot/dovecot.conf'), 'kick', address]);
  }

  async #listening(name, process, port) {
    let ended = false;
    process.exited.then(() => (ended = true));
    await until(`${name} on port ${port}`, async () => ended || (await accepts(port)), { deadlineMs: 20_000 });
    if (ended) throw new Error(`${name} did not start:\n${process.output()}\n${this.log()}`);
  }

  async dispose() {
    await Promise.allSettled([this.stopImap(), this.stopSmtp()]);
    asRoot('rm', ['-rf', this.folder.path]);
  }

  /** What both servers logged. */
  log() {
    const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
    return read(this.#at('dovecot/log')) + read(this.#at('postfix/log'));
  }

  /** Sends a mail by swaks, as a stranger's mail program; returns its Message-ID. */
  async send({ from, to, subject = '', text = '', headers = {} }) {
    const id = `<${randomUUID()}@${from.split('@')[1]}>`;
    const all = { From: from, To: to, Subject: encoded(subject), 'Message-ID': id, Date: new Date().toUTCString().replace('GMT', '+0000') };
    const mime = { 'MIME-Version': '1.0', 'Content-Type': 'text/plain; charset=utf-8', 'Content-Transfer-Encoding': 'base64' };
    const head = Object.entries({ ...all, ...mime, ...headers }).map(([name, value]) => `${name}: ${value}`);
    const body = Buffer.from(text, 'utf8').toString('base64').replace(/.{76}/g, '$&\r\n');
    await this.sendRaw({ from, to, raw: `${head.join('\r\n')}\r\n\r\n${body}\r\n` });
    return id;
  }

  /** Sends bytes as they are; `from` and `to` are the envelope. */
  async sendRaw({ from, to, raw }) {
    const file = this.#at('out', randomUUID());
    writeFileSync(file, raw);
    const args = ['--server', HOST, '--port', String(this.smtpPort), '--helo', 'localhost', '--from', from, '--to', to];
    try {
      await run('swaks', [...args, '--data', `@${file}`, '--suppress-data', '--timeout', '20'], { maxBuffer: 1 << 24 });
    } catch (error) {
      const refusals = String(error.stdout).split('\n').filter((line) => /^(<\*\*|\*\*\*)/.test(line));
      throw new Error(`swaks: ${refusals.join(' ')}`, { cause: error });
    }
  }

  /** All mails of a mailbox by IMAP, parsed, oldest first; `source` is the mail as text. */
  async mails(address) {
    const auth = { user: address, pass: this.users[address] };
    const client = new ImapFlow({ host: HOST, port: this.imapPort, secure: false, doSTARTTLS: false, auth, logger: false });
    await client.connect();
    const lock = await client.getMailboxLock('INBOX');
    try {
      const mails = [];
      for await (const { source } of client.fetch('1:*', { source: true })) {
        mails.push({ ...(await PostalMime.parse(source)), source: source.toString('latin1') });
      }
      return mails;
    } finally {
      lock.release();
      await client.logout();
    }
  }

  /** The first mail of a mailbox that `accepts`. */
  mail(address, what, accepts, { deadlineMs = 30_000 } = {}) {
    return until(what, async () => (await this.mails(address)).find(accepts), { deadlineMs, everyMs: 200 });
  }
}

function mailbox(address) {
  const [local, domain] = address.split('@');
  return [domain, local, 'Maildir'];
}

function encoded(text) {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
}

const isRoot = process.getuid() === 0;
const elevated = (program, args) => (isRoot ? [program, args] : ['sudo', ['-n', program, ...args]]);
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

function asRoot(program, args) {
  execFileSync(...elevated(program, args), { stdio: 'pipe', env: { ...process.env, PATH } });
}

function daemon(program, args) {
  const child = owned(spawn(...elevated(program, args), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH } }));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes));
  const exited = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  return { child, exited, output: () => output };
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.end());
  });
}
