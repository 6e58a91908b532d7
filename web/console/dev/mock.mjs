/**
 * A stand-in for the server, for looking at the built console: `npm run mock -w console`, then http://127.0.0.1:8099.
 *
 * Holds everything in memory and checks nothing. `POST /mock/{offer,message,typing,wrap-up,drop,down,up}` make things happen.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { WebSocketServer } from 'ws';
import * as world from './fixtures.mjs';

const PORT = Number(process.env.PORT ?? 8099);
const DIST = new URL('../dist/', import.meta.url).pathname;
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };
// The policy of the real pages; files have none, as there.
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self' ws:; frame-src 'self'; base-uri 'none'; form-action 'self'";
const state = { isSignedIn: process.env.SIGNED_OUT !== '1', isSetUp: true, isDown: false, isAgent: true, latencyMs: 15 };
const drafts = new Map();
const sockets = new Set();
let cursor = 0;
const log = [];

function emit(type, data) {
  cursor += 1;
  log.push(JSON.stringify({ id: world.id(), type, version: 1, timestamp: world.at(), actor: world.me, cause_id: null, data }));
  for (const socket of sockets) deliver(socket, cursor);
}
function deliver(socket, position) {
  socket.n += 1;
  socket.send(`{"op":"event","n":${socket.n},"cursor":"c${position}","event":${log[position - 1]}}`);
}
const signal = (type, data) => sockets.forEach((socket) => socket.send(JSON.stringify({ op: 'signal', topic: 'inbox', type, at: world.at(), data })));
const list = (items, next = null) => ({ items, page: { next, prev: null, has_more: next !== null } });
const problem = (status, code, extra = {}) => ({ status, body: { type: `/problems/${code}`, title: code, status, code, request_id: world.id(), ...extra } });
const ok = (body, status = 200) => ({ status, body });
const find = (id) => world.conversations.find((row) => row.id === id || String(row.number) === id);
const changed = (row, type = 'conversation.updated') => {
  row.version += 1;
  emit(type, { conversation: row, changed: [], previous: {} });
  return row;
};
const isMine = (row) => row.owner_agent_id === world.agents[0].id && row.status_category !== 'resolved';
const me = () => world.agents[0];
const grants = ['channels.edit', 'routing.edit', 'users.edit', 'conversations.read', 'conversations.reply', 'conversations.edit', 'conversations.merge', 'organization.edit', 'api_tokens.manage', 'audit.read', 'demo.manage', 'views.share', 'work.manage'].map((permission) => ({ permission, scope: 'organization' }));
const session = () => ({ user: world.users[0], agent: state.isAgent ? me() : null, organization: world.organization, grants, csrf_token: 'csrf' });
const count = (rows) => ({ count: rows.length, unread_count: rows.filter((row) => row.unread_count > 0).length, is_capped: false });
const counts = () => ({
  lists: { mine: count(world.conversations.filter((row) => isMine(row) && !row.snooze)), offers: { count: 0, unread_count: 0, is_capped: false }, mentions: { count: 0, unread_count: 0, is_capped: false }, snoozed: count(world.conversations.filter((row) => row.snooze)), drafts: { count: drafts.size, unread_count: 0, is_capped: false } },
  queues: Object.fromEntries(world.queues.map((queue) => [queue.id, count(world.conversations.filter((row) => row.queue_id === queue.id && row.status_category !== 'resolved'))])),
  views: {},
});

const routes = [
  ['GET', '/bootstrap', () => ok({ session: session(), agent: state.isAgent ? me() : null, presence: state.isAgent ? me().presence : null, offers: world.offers, work: world.work, statuses: world.statuses, queues: world.queues, views: [{ id: world.id(), name: 'SLA < 15 min', q: 'due<15m', sort: 'sla', shared_with: 'me' }], channels: world.channels.map((one) => ({ id: one.id, name: one.name, kind: one.type, health: one.health })), counts: counts(), limits: {}, features: {}, cursor: `c${cursor}` })],
  ['GET', '/setup', () => ok({ state: state.isSetUp ? 'done' : 'required' })],
  ['POST', '/setup', () => { state.isSetUp = true; state.isSignedIn = true; return ok({ user: world.users[0], organization: world.organization, csrf_token: 'csrf' }, 201); }],
  ['POST', '/session', ({ body }) => { if (body.password === 'mal') return problem(401, 'invalid_credentials'); state.isSignedIn = true; return ok(session()); }],
  ['POST', '/session/link', ({ body }) => { if (body.token === 'usado') return problem(401, 'link_used'); state.isSignedIn = true; return ok(session()); }],
  ['DELETE', '/session', () => { state.isSignedIn = false; return ok(undefined, 204); }],
  ['POST', '/password-resets', () => ok(undefined, 202)],
  ['GET', '/inbox/counts', () => ok(counts())],
  ['GET', '/conversations', ({ query }) => ok(list(listed(query)))],
  ['GET', '/conversations/:id', ({ p }) => (find(p.id) ? ok(find(p.id)) : problem(404, 'not_found'))],
  ['PATCH', '/conversations/:id', ({ p, body }) => ok(changed(Object.assign(find(p.id), body)))],
  ['POST', '/conversations/:id/resolve', ({ p }) => ok({ ...changed(Object.assign(find(p.id), { status_category: 'resolved', resolved_at: world.at() }), 'conversation.resolved'), undo: { id: p.id, expires_at: world.at(-8000) } })],
  ['POST', '/conversations/:id/reopen', ({ p }) => ok(changed(Object.assign(find(p.id), { status_category: 'open', resolved_at: null }), 'conversation.reopened'))],
  ['POST', '/conversations/:id/snooze', ({ p, body }) => ok({ ...changed(Object.assign(find(p.id), { snooze: { until_at: body.until_at ?? null, until_reply: body.until_reply ?? false, by: null } }), 'conversation.snoozed'), undo: null })],
  ['POST', '/conversations/:id/unsnooze', ({ p }) => ok(changed(Object.assign(find(p.id), { snooze: null }), 'conversation.unsnoozed'))],
  ['POST', '/undos/:id', ({ p }) => ok(changed(Object.assign(find(p.id), { status_category: 'open', resolved_at: null }), 'conversation.reopened'))],
  ['POST', '/conversations/:id/read', ({ p }) => { find(p.id).unread_count = 0; return ok(undefined, 204); }],
  ['GET', '/conversations/:id/entries', ({ p, query }) => entriesPage(find(p.id), query)],
  ['POST', '/conversations/:id/messages', ({ p, body }) => sendMessage(find(p.id), body)],
  ['POST', '/conversations/:id/notes', ({ p, body }) => ok(added(find(p.id), { kind: 'note', direction: 'internal', author: world.me, channel_kind: null, body: { text: body.text, mentions: [] } }), 201)],
  ['GET', '/conversations/:id/composer', ({ p }) => ok(composer(find(p.id)))],
  ['GET', '/drafts', () => ok(list([...drafts.values()]))],
  ['PUT', '/conversations/:id/drafts/:mode', ({ p, body }) => { const row = { ...body, conversation_id: p.id, user_id: world.users[0].id, mode: p.mode, updated_at: world.at(), version: 1 }; drafts.set(p.id + p.mode, row); return ok(row); }],
  ['DELETE', '/conversations/:id/drafts/:mode', ({ p }) => { drafts.delete(p.id + p.mode); return ok(undefined, 204); }],
  ['POST', '/entries/:id/retry', () => problem(422, 'window_closed', { opens_by: 'template' })],
  ['POST', '/attachments', ({ query }) => ok({ id: world.id(), name: query.get('name'), media_type: 'image/png', size_bytes: 1000, sha256: null, state: 'ready', width: null, height: null, download_url: null, preview_url: null }, 201)],
  ['GET', '/customers', ({ query }) => ok(list(world.customers.filter((row) => (row.name ?? '').toLowerCase().includes((query.get('q') ?? '').toLowerCase()))))],
  ['GET', '/customers/:id', ({ p }) => { const row = world.customers.find((one) => one.id === p.id); return row ? ok(row) : problem(404, 'not_found'); }],
  ['GET', '/customers/:id/timeline', ({ p }) => ok(list(world.conversations.filter((row) => row.customer_id === p.id).flatMap((row) => world.entries.get(row.id)).sort((a, b) => (a.created_at < b.created_at ? 1 : -1)).slice(0, 50)))],
  ['GET', '/search', ({ query }) => ok({ groups: searched(query.get('q').toLowerCase(), query.get('types') ?? '') })],
  ['PUT', '/me/presence', ({ body }) => setPresence(body)],
  ['GET', '/me/offers', () => ok(list(world.offers))],
  ['POST', '/offers/:id/accept', ({ p }) => acceptOffer(p.id)],
  ['POST', '/offers/:id/decline', ({ p }) => { const offer = takeOffer(p.id); if (!offer) return problem(409, 'offer_expired'); offer.state = 'declined'; emit('offer.declined', { offer }); return ok(offer); }],
  ['PUT', '/work-items/:id/disposition', () => ok({})],
  ['POST', '/work-items/:id/wrap-up/extend', ({ p }) => ok(assignment(p.id, 132_000))],
  ['POST', '/work-items/:id/wrap-up/finish', ({ p }) => closeWork(p.id)],
  ['POST', '/work-items/:id/transfer', ({ p }) => closeWork(p.id)],
  ['POST', '/users/:id/disable', ({ p }) => ok(Object.assign(world.users.find((row) => row.id === p.id), { state: 'disabled' }))],
  ['POST', '/invitations', () => ok({ url: 'http://127.0.0.1:8099/invitation?token=x' }, 201)],
  ['GET', '/channel-types/:id', ({ p }) => { const row = world.channelTypes.find((one) => one.kind === p.id); return row ? ok(row) : problem(404, 'not_found'); }],
  ['PUT', '/channels/:id/secrets', () => ok({})],
  ['POST', '/channels/:id/check', ({ p }) => ok(world.channels.find((row) => row.id === p.id).health)],
  ['POST', '/channels/:id/enable', ({ p }) => ok(Object.assign(world.channels.find((row) => row.id === p.id), { state: 'enabled' }))],
  ['POST', '/channels/:id/disable', ({ p }) => ok(Object.assign(world.channels.find((row) => row.id === p.id), { state: 'disabled' }))],
  ...crud('users', world.users), ...crud('teams', world.teams), ...crud('roles', world.roles), ...crud('queues', world.queues), ...crud('agents', world.agents), ...crud('channels', world.channels), ...crud('channel-types', world.channelTypes),
  ...crud('decline-reasons', world.reasons), ...crud('wrap-up-codes', world.codes), ...crud('business-hours', world.hours), ...crud('tags', world.tags), ...crud('fields', world.fields), ...crud('conversation-statuses', world.conversationStatuses), ...crud('views', []),
  ['GET', '/api-tokens', () => ok(list(world.tokens))],
  ['POST', '/api-tokens', ({ body }) => ok({ ...world.tokens[0], ...body, id: world.id(), secret: 'ctk_9f3a5d0b7c1e4f2a8d6b3c9e1f7a5d0b' }, 201)],
  ['GET', '/audit-records', ({ query }) => ok(list(world.audit.filter((row) => row.action.includes(query.get('action') ?? ''))))],
  ['GET', '/audit-records/verify', () => ok({ is_intact: true, sealed_count: 3, unsealed_count: 0, first_broken_id: null, last_hash: null })],
  ['GET', '/sessions', () => ok(list(world.sessions))],
  ['GET', '/notifications', () => ok(list(world.notifications))],
  ['POST', '/notifications/read', () => { world.notifications.forEach((row) => (row.read_at ??= world.at())); return ok(undefined, 204); }],
  ['GET', '/organization', () => ok(world.organization)],
  ['PATCH', '/organization', ({ body }) => ok(Object.assign(world.organization, body))],
  ['GET', '/dead-letters', () => ok(list(world.letters))],
  ['GET', '/config', () => ok({ version: 1, queues: world.queues.map(({ key, name, members }) => ({ key, name, members })), hours: world.hours.map(({ key, time_zone, weekly }) => ({ key, time_zone, weekly })) })],
  ['POST', '/config/apply', () => ok({ created: [{ noun: 'queues', key: 'taller', id: world.id() }], updated: [{ noun: 'hours', key: 'oficina', id: world.id() }], removed: [], unchanged_count: 14, warnings: [{ pointer: '/queues/3', code: 'unstaffed_class', detail: 'nobody serves it' }] })],
  ['POST', '/conversations/bulk', ({ body }) => { for (const row of body.ids.map(find)) if (body.action.type === 'resolve') changed(Object.assign(row, { status_category: 'resolved' }), 'conversation.resolved'); return ok({ id: world.id(), kind: 'bulk', state: 'succeeded', progress: null, result: null, error: null, undo: null }, 202); }],
  ['PUT', '/conversations/:id/followers/:user', ({ p }) => { const row = find(p.id); row.follower_ids = [...row.follower_ids, p.user]; return ok(changed(row)); }],
  ['DELETE', '/conversations/:id/followers/:user', ({ p }) => { const row = find(p.id); row.follower_ids = row.follower_ids.filter((one) => one !== p.user); return ok(changed(row)); }],
  ...crud('routing-configs', world.routingConfigs), ...crud('presence-configs', world.presenceConfigs), ...crud('presence-statuses', world.statuses),
];

function crud(noun, rows) {
  return [
    ['GET', `/${noun}`, () => ok(list(rows))],
    ['GET', `/${noun}/:id`, ({ p }) => { const row = rows.find((one) => one.id === p.id); return row ? ok(row) : problem(404, 'not_found'); }],
    ['POST', `/${noun}`, ({ body }) => { const row = { ...rows[0], members: [], secrets: {}, state: rows[0]?.state, ...body, id: world.id(), version: 1 }; rows.push(row); return ok(row, 201); }],
    ['PATCH', `/${noun}/:id`, ({ p, body }) => { const row = rows.find((one) => one.id === p.id); return ok(Object.assign(row, body, { version: row.version + 1 })); }],
    ['DELETE', `/${noun}/:id`, () => problem(409, 'in_use', { by: [] })],
  ];
}
function searched(text, types) {
  const hit = (field, whole) => { const at = (whole ?? '').toLowerCase().indexOf(text); return at < 0 ? [] : [{ field, text: whole, ranges: [[at, at + text.length]] }]; };
  const group = (type, items) => ({ type, has_more: false, items: types.includes(type) ? items.filter((item) => item.highlights.length > 0).slice(0, 25) : [] });
  const entries = [...world.entries.values()].flat().filter((entry) => entry.kind === 'message');
  return [
    group('conversations', world.conversations.map((row) => ({ id: row.id, title: `#${row.number} ${row.customer?.name ?? ''}`, highlights: hit('subject', row.subject), resource: { number: row.number } }))),
    group('customers', world.customers.map((row) => ({ id: row.id, title: row.name, highlights: hit('name', row.name), resource: {} }))),
    group('entries', entries.map((entry) => ({ id: entry.id, title: entry.author.name ?? '', highlights: hit('text', entry.body.text), resource: { conversation_id: entry.conversation_id, seq: entry.seq } }))),
  ];
}
function listed(query) {
  let rows = world.conversations;
  if (query.get('customer_id')) return rows.filter((row) => row.customer_id === query.get('customer_id'));
  if (query.get('queue_id')) return rows.filter((row) => row.queue_id === query.get('queue_id') && row.status_category !== 'resolved');
  switch (query.get('list')) {
    case 'mine': return rows.filter((row) => isMine(row) && !row.snooze);
    case 'snoozed': return rows.filter((row) => row.snooze);
    case 'drafts': return rows.filter((row) => [...drafts.values()].some((draft) => draft.conversation_id === row.id));
    case 'all': return rows;
    case 'unassigned': return rows.filter((row) => row.owner_agent_id === null);
    case 'following': return rows.filter((row) => row.follower_ids.includes(world.users[0].id));
    default: return [];
  }
}
function entriesPage(row, query) {
  const before = Number(query.get('before') ?? Infinity);
  const all = world.entries.get(row.id).filter((one) => one.seq < before).reverse();
  const page = all.slice(0, 50);
  return ok(list(page, all.length > 50 ? 'x' : null));
}
function added(row, patch) {
  const entry = world.entry(row, patch);
  emit('entry.created', { entry, conversation: { id: row.id, number: row.number, last_entry_seq: row.last_entry_seq, version: row.version } });
  changed(row);
  return entry;
}
function sendMessage(row, body) {
  const newest = world.entries.get(row.id).filter((one) => one.kind === 'message' && one.author.id !== world.me.id).at(-1);
  if (newest && newest.seq > body.seen_seq && !body.is_forced) return problem(409, 'newer_entries', { entries: [newest] });
  const entry = added(row, { direction: 'out', author: world.me, body: { text: body.text }, delivery: world.delivery('queued'), client_message_id: body.client_message_id });
  setTimeout(() => { entry.delivery = world.delivery('delivered'); emit('entry.delivery_changed', { entry_id: entry.id, conversation_id: row.id, delivery: entry.delivery, previous_state: 'queued' }); }, 400);
  return ok(entry, 201);
}
function composer(row) {
  const route = (channel, kind, allowed, why, closes) => ({ channel_id: channel.id, identity_id: null, channel_kind: kind, channel_name: channel.name, address: null, is_allowed: allowed, why_not: why, capabilities: {}, window_closes_at: closes, text_max: { value: 10_000, unit: 'characters' } });
  const [chat, mail, whatsapp] = world.channels;
  if (row.channel_kinds.includes('whatsapp')) return { routes: [route(whatsapp, 'whatsapp', true, null, world.at(-21 * 3_600_000)), route(mail, 'email', true, null, null), route(chat, 'web_chat', false, 'channel_disabled', null)] };
  return { routes: row.channel_kinds[0] === 'email' ? [route(mail, 'email', true, null, null)] : [route(chat, 'web_chat', true, null, null), route(mail, 'email', false, 'no_reply_route', null)] };
}
function setPresence(body) {
  const status = world.statuses.find((one) => one.id === body.status || one.key === body.status);
  if (status.kind === 'offline' && !body.is_confirmed) return problem(409, 'agent_has_work', { count: 1 });
  Object.assign(me().presence, { status_id: status.id, since_at: world.at(), channels: status.channels, session: 'live' });
  emit('presence.changed', { presence: me().presence, previous: null, reason: null });
  return ok(me().presence);
}
const takeOffer = (id) => world.offers.splice(world.offers.findIndex((one) => one.id === id) >>> 0, 1)[0];
const assignment = (workId, wrapMs = null) => ({ id: world.id(), work_item_id: workId, agent_id: me().id, offer_id: null, state: wrapMs ? 'wrap_up' : 'active', started_at: world.at(), ended_at: null, end_reason: null, wrap_up_deadline_at: wrapMs ? world.at(-wrapMs) : null, extensions_used: 0 });
function acceptOffer(id) {
  const offer = takeOffer(id);
  if (!offer) return problem(409, 'offer_expired');
  const item = world.work.find((one) => one.id === offer.work_item_id);
  const row = find(item.conversation_id);
  Object.assign(item, { state: 'active', agent_id: me().id, version: item.version + 1 });
  Object.assign(row, { owner_agent_id: me().id, work: [{ work_item_id: item.id, state: 'active', agent_id: me().id, queue_id: item.queue_id }] });
  offer.state = 'accepted';
  emit('offer.accepted', { offer });
  changed(row, 'conversation.owner_changed');
  return ok({ offer, work_item: item, assignment: assignment(item.id), conversation: row });
}
function closeWork(id) {
  const item = world.work.find((one) => one.id === id);
  Object.assign(item, { state: 'closed', version: item.version + 1 });
  emit('work_item.closed', { work_item: item, row: 16 });
  return ok(item);
}

const happenings = {
  offer: (query) => emit('offer.created', { offer: world.makeOffer(world.conversations.at(-1), Number(query.get('ms') ?? 30_000)) }),
  message: () => added(world.conversations[0], { body: { text: '¿Sabéis algo más de mi paquete?' } }),
  typing: () => signal('typing', { conversation_id: world.conversations[0].id, actor: { type: 'agent', id: world.agents[1].id, name: 'Ana Ribas' }, is_on: true }),
  viewing: () => signal('viewing', { conversation_id: world.conversations[0].id, user_ids: [world.users[0].id, world.users[1].id] }),
  'wrap-up': () => { const item = world.work[0]; Object.assign(item, { state: 'wrap_up', version: item.version + 1 }); emit('work_item.wrap_up', { work_item: item, row: 15, assignment: assignment(item.id, 72_000) }); },
  missed: () => { Object.assign(me().presence, { status_id: world.statuses[6].id, since_at: world.at() }); emit('presence.changed', { presence: me().presence, previous: null, reason: 'missed' }); },
  drop: () => sockets.forEach((socket) => socket.terminate()),
  down: () => { state.isDown = true; sockets.forEach((socket) => socket.terminate()); },
  up: () => (state.isDown = false),
  'sign-out': () => (state.isSignedIn = false),
  reset: () => Object.assign(state, { isSetUp: true, isSignedIn: true }),
  'needs-setup': () => { state.isSetUp = false; state.isSignedIn = false; },
};

function match(method, path) {
  for (const [verb, pattern, run] of routes) {
    if (verb !== method) continue;
    const [want, have] = [pattern.split('/'), path.split('/')];
    if (want.length !== have.length) continue;
    const p = {};
    if (want.every((part, index) => (part.startsWith(':') ? ((p[part.slice(1)] = decodeURIComponent(have[index])), true) : part === have[index]))) return { run, p };
  }
  return null;
}
function answer(response, { status, body }) {
  response.writeHead(status, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json', 'Cache-Control': 'no-store' });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
function serveFile(response, path) {
  const file = existsSync(DIST + path) && path !== '/' ? DIST + path : `${DIST}index.html`;
  const isPage = file.endsWith('index.html');
  response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', ...(isPage ? { 'Content-Security-Policy': CSP } : {}) });
  createReadStream(file).pipe(response);
}
async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  try { return JSON.parse(Buffer.concat(parts).toString()); } catch { return {}; }
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://x');
  const body = await readBody(request);
  if (url.pathname.startsWith('/mock/')) {
    happenings[url.pathname.slice(6)]?.(url.searchParams);
    return answer(response, ok({}));
  }
  if (!url.pathname.startsWith('/api/v1')) return serveFile(response, url.pathname);
  if (state.isDown) return request.socket.destroy();
  const path = url.pathname.slice(7);
  const isPublic = /^\/(setup|session|password-resets)/.test(path);
  const found = match(request.method, path);
  await new Promise((done) => setTimeout(done, state.latencyMs));
  if (!isPublic && !state.isSignedIn) return answer(response, problem(401, 'unauthenticated'));
  answer(response, found ? found.run({ p: found.p, query: url.searchParams, body }) : problem(404, 'not_found'));
});
const wss = new WebSocketServer({ noServer: true, handleProtocols: () => 'centralita.v1' });
server.on('upgrade', (request, socket, head) => {
  if (state.isDown) return socket.destroy();
  wss.handleUpgrade(request, socket, head, (ws) => {
    const ping = setInterval(() => ws.send(JSON.stringify({ op: 'ping', server_now: world.at() })), 10_000);
    ws.on('message', (data) => {
      const frame = JSON.parse(data.toString());
      if (frame.op === 'start') {
        ws.n = 0;
        sockets.add(ws);
        ws.send(JSON.stringify({ op: 'hello', connection_id: world.id(), server_now: world.at(), cursor: `c${cursor}`, resumed: true, session: { user_id: world.users[0].id, agent_id: me().id, epoch: 1 }, heartbeat_ms: 10_000, limits: {} }));
        for (let position = Number(frame.after?.slice(1) ?? cursor) + 1; position <= cursor; position += 1) deliver(ws, position);
      }
      if (frame.op === 'subscribe' || frame.op === 'unsubscribe') ws.send(JSON.stringify({ op: 'ack', ref: frame.ref, cursor: `c${cursor}`, refused: [] }));
    });
    ws.on('close', () => { clearInterval(ping); sockets.delete(ws); });
  });
});
server.listen(PORT, '127.0.0.1', () => console.log(`mock server at http://127.0.0.1:${PORT}`));
