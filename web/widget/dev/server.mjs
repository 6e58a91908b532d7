// A stand-in for the visitor protocol, for development only: one process, everything in memory, any visitor.
//
//   node dev/server.mjs [port]          then open http://127.0.0.1:8791/?lang=es
//
// The host page carries the strictest policy the widget promises to work under; `?nosocket` forbids the socket as well. `POST /dev/act` plays the other side:
// {"act":"say"|"typing"|"join"|"leave"|"queue"|"close"|"read"|"hours"|"choices"|"fail"|"drop"|"revoke"|"reset"|"log", …}.
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const port = Number(process.argv[2] ?? 8791);
const KEY = 'devdevdevdevdevdevdev1';
const base = `/api/v1/widget/${KEY}`;

const world = { config: null, visitors: new Map(), conversations: new Map(), events: [], uploads: new Map(), sockets: new Set(), fail: [], log: [] };
const reset = () => {
  world.visitors.clear();
  world.conversations.clear();
  world.uploads.clear();
  world.events.length = world.fail.length = world.log.length = 0;
  world.config = {
    brand: { name: 'Pedales', color: '#14614a', logo_url: null },
    texts: { es: {}, en: {} },
    prechat: null,
    hours: { is_open: true, reopens_at: null, closes_at: at(20) },
    consent_notice: { es: 'Al escribir aceptas que guardemos la conversación para atenderte.', en: 'By writing you agree that we keep the conversation to help you.' },
    features: { upload: true, search: false, transcript: true, proactive: false },
    limits: { max_attachment_bytes: 20_000_000, attachment_types: [], max_text_chars: 10_000 },
  };
};
const at = (hour, days = 0) => {
  const date = new Date();
  date.setDate(date.getDate() + days);
  date.setHours(hour, 0, 0, 0);
  return date.toISOString();
};
reset();

const problem = (status, code, extra = {}, headers = {}) => ({ status, headers, body: { type: `/problems/${code}`, status, code, ...extra } });

function emit(type, data) {
  const event = { id: randomUUID(), type, version: 1, timestamp: new Date().toISOString(), data };
  world.events.push(event);
  for (const socket of world.sockets) socket.deliver(event, world.events.length);
}

function conversationOf(visitor, id) {
  const found = world.conversations.get(id) ?? [...world.conversations.values()].find((c) => !id && c.visitor === visitor && c.state === 'open');
  if (found) return found;
  const made = { id: randomUUID(), visitor, state: 'open', subject: null, unread: 0, agent: null, queue: null, messages: [] };
  world.conversations.set(made.id, made);
  return made;
}

const snapshot = (c) => ({ id: c.id, state: c.state, subject: c.subject, unread_count: c.unread, last_message: c.messages.at(-1) ?? null, agent: c.agent, queue: c.queue });

function post(conversation, author, text, extra = {}) {
  const message = { id: randomUUID(), seq: conversation.messages.length + 1, conversation_id: conversation.id, author, text, blocks: [], attachments: [], created_at: new Date().toISOString(), state: author.kind === 'me' ? 'received' : null, ...extra };
  conversation.messages.push(message);
  if (author.kind !== 'me') conversation.unread += 1;
  return message;
}

function session(input) {
  let token = input.visitor_token;
  const isKnown = world.visitors.has(token);
  if (!isKnown) {
    token = 'ctv_' + randomUUID();
    world.visitors.set(token, { id: randomUUID(), name: null });
  }
  const visitor = world.visitors.get(token);
  if (input.identity_token) visitor.name = JSON.parse(Buffer.from(input.identity_token.split('.')[1], 'base64url')).name;
  const conversations = [...world.conversations.values()].filter((c) => c.visitor === visitor.id);
  return {
    status: isKnown ? 200 : 201,
    body: {
      visitor_token: token,
      expires_at: at(0, 30),
      visitor: { id: visitor.id, is_identified: !!visitor.name, display_name: visitor.name },
      conversations: conversations.slice(-10).map(snapshot),
      stream_url: `${base}/stream`,
      cursor: String(world.events.length),
      server_now: new Date().toISOString(),
      was_reset: !isKnown && !!input.visitor_token,
    },
  };
}

function message(visitor, input) {
  const all = [...world.conversations.values()].flatMap((c) => c.messages);
  const stored = all.find((m) => m.client_message_id === input.client_message_id);
  if (stored) return { status: 200, body: { message: stored, conversation: snapshot(world.conversations.get(stored.conversation_id)) } };
  if (input.text?.includes('[422]')) return problem(422, 'text_too_long', { max: 10_000, unit: 'chars' });
  const conversation = conversationOf(visitor.id, input.conversation_id);
  conversation.state = 'open';
  const labels = conversation.messages.flatMap((m) => m.blocks.flatMap((b) => b.options));
  const text = input.text ?? labels.find((o) => o.value === input.choice.value).label;
  const attachments = (input.attachment_ids ?? []).map((id) => ({ id, ...world.uploads.get(id) }));
  const made = post(conversation, { kind: 'me', name: null }, text, { attachments, client_message_id: input.client_message_id });
  emit('message.created', { message: made });
  return { status: 201, body: { message: made, conversation: snapshot(conversation), queue: conversation.queue } };
}

function list(items, url) {
  const limit = Number(url.searchParams.get('limit') ?? 50);
  const end = Number(url.searchParams.get('before') ?? items.length);
  const start = Math.max(0, end - limit);
  return { items: items.slice(start, end), page: { next: null, prev: start > 0 ? String(start) : null, has_more: start > 0 } };
}

async function widget(request, url, bytes) {
  const path = url.pathname.slice(base.length);
  const input = bytes.length && request.headers['content-type'] === 'application/json' ? JSON.parse(bytes) : {};
  world.log.push({ method: request.method, path, input });
  const planned = path === '/messages' && request.method === 'POST' && world.fail.shift();
  if (planned === 'drop') return null;
  if (planned === 'store_then_drop') {
    message(world.visitors.get(request.headers.authorization?.slice(7)), input);
    return null;
  }
  if (planned) return problem(planned, planned === 401 ? 'session_expired' : 'unavailable', {}, { 'Retry-After': '1' });
  if (path === '/config') return { status: 200, body: world.config };
  if (path === '/sessions') return session(input);
  const visitor = world.visitors.get(request.headers.authorization?.slice(7));
  if (!visitor) return problem(401, 'session_expired');
  const [, noun, id, verb] = path.split('/');
  const conversation = noun === 'conversations' && world.conversations.get(id);
  if (path === '/identify') return session({ ...input, visitor_token: request.headers.authorization.slice(7) });
  if (path === '/sign-out') return { status: 204 };
  if (path === '/messages') return message(visitor, input);
  if (path === '/events') return { status: 204 };
  if (noun === 'attachments' && request.method === 'POST') {
    const made = { name: url.searchParams.get('name'), media_type: request.headers['content-type'], size_bytes: bytes.length };
    const key = randomUUID();
    world.uploads.set(key, made);
    return { status: 201, body: { id: key, ...made, state: 'ready' } };
  }
  if (noun === 'attachments') return { status: 200, body: { bytes: 'of the file' } };
  if (noun === 'conversations' && !id) return { status: 200, body: list([...world.conversations.values()].filter((c) => c.visitor === visitor.id).map(snapshot), url) };
  if (!conversation) return problem(404, 'not_found');
  if (verb === 'messages') return { status: 200, body: list(conversation.messages, url) };
  if (verb === 'read') conversation.unread = 0;
  if (verb === 'end') close(conversation);
  return { status: 204 };
}

function close(conversation) {
  Object.assign(conversation, { state: 'closed', agent: null, queue: null });
  emit('conversation.closed', { conversation: snapshot(conversation) });
}

function act({ act: what, ...input }) {
  const conversation = [...world.conversations.values()].at(-1);
  const id = conversation?.id;
  const agent = { kind: 'agent', name: input.name ?? 'Ana' };
  const acts = {
    reset,
    say: () => emit('message.created', { message: post(conversation, agent, input.text) }),
    choices: () => emit('message.created', { message: post(conversation, { kind: 'bot', name: null }, input.text, { blocks: [{ type: 'choices', options: input.options }] }) }),
    typing: () => world.sockets.forEach((s) => s.send({ op: 'signal', topic: 'me', type: 'typing', at: new Date().toISOString(), data: { conversation_id: id, is_on: true, actor: { name: agent.name } } })),
    join: () => ((conversation.agent = { display_name: agent.name }), (conversation.queue = null), emit('agent.joined', { conversation_id: id, display_name: agent.name, avatar: null })),
    leave: () => ((conversation.agent = null), emit('agent.left', { conversation_id: id, display_name: agent.name, avatar: null })),
    queue: () => ((conversation.queue = { position: input.position ?? null, wait_band: 'short', estimated_wait_ms: null }), emit('queue.position', { conversation_id: id, ...conversation.queue })),
    subject: () => ((conversation.subject = input.text), emit('conversation.opened', { conversation: snapshot(conversation) })),
    close: () => close(conversation),
    read: () => conversation.messages.filter((m) => m.author.kind === 'me').forEach((m) => ((m.state = 'read'), emit('message.state', { message_id: m.id, conversation_id: id, state: 'read' }))),
    hours: () => ((world.config.hours = input.hours), emit('hours.changed', { hours: input.hours })),
    config: () => Object.assign(world.config, input.config),
    fail: () => world.fail.push(...input.with),
    revoke: () => world.visitors.clear(),
    drop: () => world.sockets.forEach((s) => s.end()),
    fill: () => Array.from({ length: input.count }, (_, i) => post(conversation, i % 2 ? agent : { kind: 'me' }, `${input.text ?? 'Mensaje'} ${i + 1}`)),
    log: () => {},
  };
  acts[what]();
  return { log: world.log, messages: [...world.conversations.values()].flatMap((c) => c.messages), sockets: world.sockets.size, at };
}

function played(response, input) {
  try {
    response.end(JSON.stringify(act(input)));
  } catch (error) {
    response.writeHead(400).end(String(error)); // Nobody has written yet, so there is nothing to act on.
  }
}

const page = (url) => `<!doctype html><html lang="${url.searchParams.get('lang') ?? 'es'}"><head><meta charset="utf-8"><title>Pedales</title>
<meta name="viewport" content="width=device-width,initial-scale=1"></head><body><main><h1>Ronda 7</h1><p>Motor central de 65 Nm.</p></main>
<script async src="/w/loader.js" data-key="${KEY}" ${url.searchParams.get('theme') ? `data-theme="${url.searchParams.get('theme')}"` : ''}></script></body></html>`;
const frame = `<!doctype html><html lang="es"><head><meta charset="utf-8"><title>Chat</title></head><body><script src="/w/loader.js" data-key="${KEY}" data-frame></script></body></html>`;

const server = createServer(async (request, response) => {
  const origin = `http://${request.headers.host}`;
  const url = new URL(request.url, origin);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const policy = `default-src 'none'; script-src ${origin}; connect-src ${origin}${url.searchParams.has('nosocket') ? '' : ' ' + origin.replace('http', 'ws')}; img-src ${origin}; require-trusted-types-for 'script'`;
  const html = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy };
  if (url.pathname === '/') return response.writeHead(200, html).end(page(url));
  if (url.pathname.startsWith('/w/frame/')) return response.writeHead(200, html).end(frame);
  if (url.pathname.startsWith('/w/')) return response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8' }).end(await readFile(join(here, '../dist', url.pathname.slice(3))));
  if (url.pathname === '/dev/act') return played(response, JSON.parse(bytes));
  if (!url.pathname.startsWith(base)) return response.writeHead(url.pathname === '/favicon.ico' ? 204 : 404).end();
  const answer = await widget(request, url, bytes);
  if (!answer) return request.socket.destroy();
  response.writeHead(answer.status, { 'Content-Type': answer.status < 400 ? 'application/json' : 'application/problem+json', ...answer.headers });
  response.end(answer.body && JSON.stringify(answer.body));
});

/** The server's half of RFC 6455, for text frames under 64 KiB. */
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: centralita.visitor.v1\r\n\r\n`);
  let count = 0;
  let pending = Buffer.alloc(0);
  const peer = {
    send(frame) {
      const text = Buffer.from(JSON.stringify(frame));
      const head = text.length < 126 ? Buffer.from([129, text.length]) : Buffer.from([129, 126, text.length >> 8, text.length & 255]);
      socket.write(Buffer.concat([head, text]));
    },
    deliver: (event, cursor) => peer.send({ op: 'event', n: ++count, cursor: String(cursor), event }),
    end: () => socket.destroy(),
  };
  const start = ({ token, after }) => {
    if (!world.visitors.has(token)) {
      socket.end(Buffer.from([136, 2, 4401 >> 8, 4401 & 255]));
      return;
    }
    peer.send({ op: 'hello', connection_id: randomUUID(), server_now: new Date().toISOString(), cursor: after ?? String(world.events.length), resumed: !!after, heartbeat_ms: 30_000 });
    world.events.slice(Number(after ?? world.events.length)).forEach((event, i) => peer.deliver(event, Number(after) + i + 1));
    world.sockets.add(peer);
  };
  socket.on('data', (data) => {
    pending = Buffer.concat([pending, data]);
    while (pending.length >= 6) {
      const short = pending[1] & 127;
      const at = short === 126 ? 4 : 2;
      const length = short === 126 ? pending.readUInt16BE(2) : short;
      if (pending.length < at + 4 + length) return;
      const mask = pending.subarray(at, at + 4);
      const text = Buffer.from(pending.subarray(at + 4, at + 4 + length)).map((byte, i) => byte ^ mask[i % 4]);
      const isText = (pending[0] & 15) === 1;
      pending = pending.subarray(at + 4 + length);
      if (!isText) return socket.destroy();
      const frame = JSON.parse(text);
      world.log.push({ socket: frame });
      if (frame.op === 'start') start(frame);
    }
  });
  socket.on('close', () => world.sockets.delete(peer));
  socket.on('error', () => world.sockets.delete(peer));
});

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`));
