// Mail when things go wrong: dead servers, broken and huge mails, machines that answer, kill -9 in the middle.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LUCIA, SUPPORT, USERS, entryOf, healthy, mailChannel, mails } from '../lib/mailchannel.mjs';
import { MailServers } from '../lib/mailservers.mjs';
import { Server } from '../lib/server.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/wait.mjs';
import { setUp } from '../lib/world.mjs';

export default suite('mail', (group, options) => {
  group('dead servers', deadServers);
  group('bad mail', badMail);
  group('kill -9', (cases) => killed(cases, Number(options.kills ?? 5)));
  group('tls', tls);
});

async function world(name) {
  const peers = await MailServers.start(USERS);
  const server = await Server.fresh(name);
  try {
    await server.start();
    const admin = await setUp(server);
    return { peers, server, admin };
  } catch (error) {
    await server.dispose();
    await peers.dispose();
    throw error;
  }
}

async function reply(admin, conversation, text) {
  const { last_entry_seq: seen } = await admin.get(`/conversations/${conversation.id}`);
  return admin.post(`/conversations/${conversation.id}/messages`, { text, seen_seq: seen });
}

const delivery = async (admin, conversation, entry) =>
  (await mails(admin, conversation.id)).find((e) => e.id === entry.id).delivery;

function deadServers({ before, after, test }) {
  let peers, server, admin, channel, conversation;
  before(async () => {
    ({ peers, server, admin } = await world('dead'));
    channel = await mailChannel(admin, peers);
    await peers.send({ from: LUCIA, to: SUPPORT, subject: 'Pedido', text: 'uno' });
    ({ conversation } = await entryOf(admin, 'the first mail', (e) => /uno/.test(e.body.text ?? '')));
  });
  after(() => peers?.dispose());
  after(() => server?.dispose());

  test('a reply waits while SMTP is down, visibly, and leaves once when it is back', async () => {
    await peers.stopSmtp();
    const entry = await reply(admin, conversation, 'cuando puedas');
    const waiting = await until('a visible retry', async () => {
      const found = await delivery(admin, conversation, entry);
      return found.state === 'queued' && found.error && found;
    });
    assert.equal(waiting.error.class, 'retry');
    assert.ok(waiting.next_retry_at);
    const down = await healthy(admin, channel.id, 'down');
    assert.ok(down.health.error.text.es && down.health.error.text.en);
    await peers.startSmtp();
    await admin.post(`/entries/${entry.id}/retry`);
    await until('sent', async () => (await delivery(admin, conversation, entry)).state === 'sent', { deadlineMs: 30_000 });
    await peers.mail(LUCIA, 'the reply', (m) => /cuando puedas/.test(m.text ?? ''));
    await healthy(admin, channel.id, 'ok', { deadlineMs: 60_000 });
    assert.equal((await peers.mails(LUCIA)).filter((m) => /cuando puedas/.test(m.text ?? '')).length, 1);
  });

  test('a reply that waits can be called off and never leaves', async () => {
    await peers.stopSmtp();
    const entry = await reply(admin, conversation, 'mejor no');
    await until('a retry', async () => (await delivery(admin, conversation, entry)).error);
    const cancelled = await admin.post(`/entries/${entry.id}/cancel`);
    assert.equal(cancelled.delivery.state, 'cancelled');
    await peers.startSmtp();
    const marker = await reply(admin, conversation, 'este sí');
    await until('sent', async () => (await delivery(admin, conversation, marker)).state === 'sent', { deadlineMs: 30_000 });
    await peers.mail(LUCIA, 'the marker', (m) => /este sí/.test(m.text ?? ''));
    assert.ok((await peers.mails(LUCIA)).every((m) => !/mejor no/.test(m.text ?? '')));
  });

  test('a dropped connection is made again and nothing is lost', async () => {
    peers.dropConnections(SUPPORT);
    await peers.send({ from: LUCIA, to: SUPPORT, subject: 'otra', text: 'tras el corte' });
    await entryOf(admin, 'the mail', (e) => /tras el corte/.test(e.body.text ?? ''));
  });

  test('a channel switched off takes nothing in; switched on again, everything', async () => {
    await admin.post(`/channels/${channel.id}/disable`);
    for (const n of [1, 2, 3]) await peers.send({ from: LUCIA, to: SUPPORT, subject: `apagado ${n}`, text: `apagado-${n}` });
    await admin.post(`/channels/${channel.id}/enable`);
    for (const n of [1, 2, 3]) await entryOf(admin, `mail ${n}`, (e) => (e.body.text ?? '').includes(`apagado-${n}`));
  });

  test('a refused recipient is a failed message and a dead letter', async () => {
    await peers.send({ from: 'nadie@clientes.test', to: SUPPORT, subject: 'fantasma', text: 'boo' });
    const ghost = await entryOf(admin, 'the mail', (e) => /boo/.test(e.body.text ?? ''));
    const entry = await reply(admin, ghost.conversation, '¿quién eres?');
    const failed = await until('failed', async () => {
      const found = await delivery(admin, ghost.conversation, entry);
      return found.state === 'failed' && found;
    }, { deadlineMs: 30_000 });
    assert.equal(failed.error.class, 'permanent');
    assert.match(failed.error.provider_code, /^5/);
    const letters = await admin.list('/dead-letters');
    assert.ok(letters.some((l) => l.direction === 'out' && l.entry_id === entry.id), JSON.stringify(letters));
  });

  test('wrong passwords are said in words, and mended at run time', async () => {
    await admin.put(`/channels/${channel.id}/secrets`, { imap_password: 'wrong' });
    const down = await healthy(admin, channel.id, 'down', { deadlineMs: 30_000 });
    assert.equal(down.health.error.code, 'auth_failed');
    await peers.send({ from: LUCIA, to: SUPPORT, subject: 'llave', text: 'con-llave-nueva' });
    await admin.put(`/channels/${channel.id}/secrets`, { imap_password: USERS[SUPPORT] });
    await entryOf(admin, 'the mail', (e) => /con-llave-nueva/.test(e.body.text ?? ''));
    await healthy(admin, channel.id);
  });
}

function badMail({ before, after, test, independent }) {
  independent();
  let peers, server, admin;
  before(async () => {
    ({ peers, server, admin } = await world('bad-mail'));
    await mailChannel(admin, peers);
  });
  after(() => peers?.dispose());
  after(() => server?.dispose());

  const letters = () => admin.list('/dead-letters');
  const raw = (head, body = 'x') => `From: ${LUCIA}\r\nTo: ${SUPPORT}\r\n${head}\r\n\r\n${body}\r\n`;
  const send = (bytes) => peers.sendRaw({ from: LUCIA, to: SUPPORT, raw: bytes });
  const visible = (what, accepts) => entryOf(admin, what, accepts);

  test('broken MIME is an entry or a dead letter, and the next mail comes in', async () => {
    const nested = Array.from({ length: 50 }, (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`).join('');
    const parts = `Content-Type: multipart/mixed; boundary=p\r\n\r\n${'--p\r\n\r\nx\r\n'.repeat(700)}--p--`;
    const broken = [
      raw('Subject: sin fin\r\nContent-Type: multipart/mixed; boundary="nunca"', '--otra\r\n\r\nx'),
      raw(`Subject: hondo\r\n${nested}`),
      `From: ${LUCIA}\r\nTo: ${SUPPORT}\r\nSubject: muchas\r\n${parts}\r\n`,
      raw('Subject: =?utf-8?B?w?=\r\nContent-Type: text/plain; charset=no-such-charset\r\nContent-Transfer-Encoding: base64', '!!!!'),
      raw('Subject: cabeza\r\nContent-Type: text/html', `<div>${'<b>'.repeat(5_000)}x`),
    ];
    for (const bytes of broken) await send(bytes);
    await send(raw('Subject: sana', 'una-mail-sana'));
    await visible('the mail after them', (e) => /una-mail-sana/.test(e.body.text ?? ''));
    const conversations = (await admin.get('/conversations?list=all&limit=200')).items;
    let entries = 0;
    for (const c of conversations) entries += (await mails(admin, c.id)).length;
    const dead = (await letters()).length;
    assert.ok(entries + dead >= broken.length + 1, `${entries} entries, ${dead} dead letters`);
    const deep = await visible('the deep one', (e) => e.mail?.subject === 'hondo');
    assert.equal(deep.entry.mail.unreadable, 'too_deep');
    assert.match(await admin.get(`/entries/${deep.entry.id}/raw`), /Subject: hondo/);
  });

  test('a mail over the limit is kept whole and seen', async () => {
    const line = `${'A'.repeat(76)}\r\n`;
    const body = line.repeat(Math.ceil((52 * 1024 * 1024) / line.length));
    await send(raw('Subject: enorme', body));
    const { entry } = await entryOf(admin, 'the huge mail', (e) => e.mail?.subject === 'enorme', { deadlineMs: 180_000 });
    assert.equal(entry.mail.unreadable, 'too_large');
    assert.ok(entry.is_truncated && entry.raw_available);
    const bytes = await admin.get(`/entries/${entry.id}/raw`);
    assert.ok(bytes.length >= body.length, `${bytes.length} bytes`);
  });

  test('a text over 100,000 characters is cut, and its whole is a file', async () => {
    await peers.send({ from: LUCIA, to: SUPPORT, subject: 'largo', text: 'palabra '.repeat(20_000) });
    const { entry } = await visible('the long mail', (e) => e.mail?.subject === 'largo');
    assert.equal([...entry.body.text].length, 100_000);
    assert.ok(entry.is_truncated);
  });

  test('machines open nothing', async () => {
    const before = (await admin.get('/conversations?list=all&limit=200')).items.length;
    await peers.send({ from: 'news@clientes.test', to: SUPPORT, subject: 'boletín', text: 'x', headers: { 'List-Id': '<l.clientes.test>' } });
    await peers.send({ from: LUCIA, to: SUPPORT, subject: 'fuera', text: 'x', headers: { 'Auto-Submitted': 'auto-replied' } });
    await until('two dead letters', async () => {
      const reasons = (await letters()).map((l) => l.reason);
      return reasons.includes('list_mail') && reasons.includes('auto_reply');
    }, { deadlineMs: 30_000 });
    assert.equal((await admin.get('/conversations?list=all&limit=200')).items.length, before);
    const list = (await letters()).find((l) => l.reason === 'list_mail');
    assert.match(await admin.get(`/dead-letters/${list.id}/raw`), /Subject: =\?utf-8/);
    await admin.post(`/dead-letters/${list.id}/retry`);
    await visible('the bulletin, as a person wanted', (e) => e.mail?.subject === 'boletín');
    assert.equal((await admin.refusal('POST', `/dead-letters/${list.id}/discard`, {})).code, 'not_pending');
  });

  test('the same Message-ID in two different mails loses neither', async () => {
    const head = `Subject: gemelas\r\nMessage-ID: <${randomUUID()}@clientes.test>`;
    await send(raw(head, 'gemela-una'));
    await send(raw(head, 'gemela-dos'));
    await visible('one', (e) => /gemela-una/.test(e.body.text ?? ''));
    await visible('the other', (e) => /gemela-dos/.test(e.body.text ?? ''));
  });
}

function killed({ before, after, test }, kills) {
  let peers, server, admin;
  before(async () => {
    ({ peers, server, admin } = await world('mail-kill'));
    await mailChannel(admin, peers);
  });
  after(() => peers?.dispose());
  after(() => server?.dispose());

  test(`${kills} kills while mail comes in: nothing lost, nothing doubled`, async () => {
    const sent = [];
    for (let k = 0; k < kills; k += 1) {
      const burst = Array.from({ length: 12 }, (_, n) => `golpe-${k}-${n}.`);
      const sending = (async () => {
        for (const text of burst) await peers.send({ from: LUCIA, to: SUPPORT, subject: text, text });
      })();
      sent.push(...burst);
      // Anywhere in the burst: the first mail is in, the last is not.
      await until('the burst to begin', async () => (await texts()).some((t) => t.includes(burst[0])), { deadlineMs: 60_000 });
      await server.kill();
      await sending;
      await server.start();
    }
    await until('every mail', async () => {
      const all = await texts();
      return sent.every((text) => all.some((found) => found.includes(text)));
    }, { deadlineMs: 120_000, everyMs: 500 });
    const all = await texts();
    for (const text of sent) assert.equal(all.filter((found) => found.includes(text)).length, 1, text);
    return { kills, mails: sent.length };
  });

  async function texts() {
    const found = [];
    for (const { id } of (await admin.get('/conversations?list=all&limit=200')).items) {
      found.push(...(await mails(admin, id)).map((e) => e.body.text));
    }
    return found;
  }
}

function tls({ before, after, test, independent }) {
  independent();
  let peers, server, admin;
  before(async () => {
    ({ peers, server, admin } = await world('mail-tls'));
  });
  after(() => peers?.dispose());
  after(() => server?.dispose());

  const config = (security, [imap, smtp], ca) => {
    const pem = ca ? { ca_pem: readFileSync(peers.certificate, 'utf8') } : {};
    const side = (port) => ({ host: 'localhost', port, security, user: SUPPORT, ...pem });
    return { imap: side(imap), smtp: side(smtp) };
  };

  for (const security of ['tls', 'starttls']) {
    test(`mail goes both ways over ${security} with a certificate of one's own`, async () => {
      const ports = security === 'tls' ? [peers.imapsPort, peers.smtpsPort] : [peers.imapPort, peers.smtpPort];
      const channel = await mailChannel(admin, peers, { key: `soporte-${security}`, config: config(security, ports, true) });
      await peers.send({ from: LUCIA, to: SUPPORT, subject: security, text: `por-${security}` });
      const { conversation } = await entryOf(admin, 'the mail', (e) => (e.body.text ?? '').includes(`por-${security}`));
      const entry = await reply(admin, conversation, `respuesta-${security}`);
      await until('sent', async () => (await delivery(admin, conversation, entry)).state === 'sent', { deadlineMs: 30_000 });
      await admin.call('DELETE', `/channels/${channel.id}`, undefined, { headers: { 'if-match': `"${(await admin.get(`/channels/${channel.id}`)).version}"` } });
    });
  }

  test('a certificate nobody vouches for is refused, in words', async () => {
    const made = await admin.post('/channels', {
      type: 'email', name: 'Ajena', key: 'ajena',
      config: { address: SUPPORT, ...config('tls', [peers.imapsPort, peers.smtpsPort], false) },
    });
    await admin.put(`/channels/${made.id}/secrets`, { imap_password: 'x', smtp_password: 'x' });
    const health = await admin.post(`/channels/${made.id}/check`);
    assert.equal(health.state, 'down');
    assert.equal(health.error.code, 'tls_failed');
  });
}
