// An organization made through the API alone: people, queues, a web chat channel.
import { createHmac, randomUUID } from 'node:crypto';
import { Api } from './api.mjs';
import { Socket } from './socket.mjs';
import { Visitor } from './visitor.mjs';

export const PASSWORD = 'cascabel-Trueno-7719';

/** Limits that a black-box test, one address with many visitors, would run into. */
export const RAISED_LIMITS = {
  CENTRALITA_LIMITS_VISITOR_SESSIONS_PER_10_MIN: '100000',
  CENTRALITA_LIMITS_VISITOR_MESSAGES_PER_MIN: '100000',
  CENTRALITA_LIMITS_SESSION_PER_MIN: '100000',
};

/** Uses the one-use link; the first user is an administrator. */
export async function setUp(server, { language = 'es', demo } = {}) {
  const { token } = await server.link();
  const admin = new Api(server.origin);
  const person = { name: 'Ada Ruiz', email: 'ada@example.com', password: PASSWORD };
  const place = { organization_name: 'Pedales', language, time_zone: 'Europe/Madrid' };
  await admin.post('/setup', { token, ...person, ...place, ...(demo ? { demo } : {}) });
  return admin;
}

/** A queue with its routing, by `POST /config/apply`; times in milliseconds, short instead of a test clock. */
export async function addQueue(admin, { key, offerTimeoutMs = 3_000, maxChats = 2, missesBeforeAway = 5, agentModel = 'longest_idle' }) {
  await admin.post('/config/apply', {
    version: 1,
    routing_configs: [
      {
        key,
        order_mode: 'aged',
        agent_model: agentModel,
        offer_timeout_ms: offerTimeoutMs,
        offer_mode: 'single',
        auto_accept: false,
        misses_before_away: missesBeforeAway,
        retry_gap_ms: 200,
        exclusion_ttl_ms: 2_000,
      },
    ],
    presence_configs: [{ key, cap_primary_milli: maxChats * 1_000, channel_max: { chat: maxChats }, decline_allowed: true }],
    queues: [{ key, name: { es: key, en: key }, routing_config_id: key, max_waiting: 10_000 }],
  });
  const queues = await admin.list('/queues');
  return queues.find((queue) => queue.key === key);
}

/** Invites somebody, accepts for them, signs them in. */
export async function addAgent(admin, { name, email, queue, role = 'agent' }) {
  const { id } = (await admin.list('/roles')).find((r) => r.key === role);
  const invitation = await admin.post('/invitations', { name, email, role_ids: [id], team_ids: [] });
  const token = invitation.token ?? new URL(invitation.url, admin.origin).searchParams.get('t');
  const api = new Api(admin.origin);
  await api.post('/invitations/accept', { token, name, password: PASSWORD, language: 'es' });
  const session = await api.post('/session', { email, password: PASSWORD });
  const agent = { api, name, email, password: PASSWORD, id: session.agent.id, userId: session.user.id };
  const [config] = (await admin.list('/presence-configs')).filter((c) => c.key === queue.key);
  const current = await admin.get(`/agents/${agent.id}`);
  await admin.patch(`/agents/${agent.id}`, { presence_config_id: config.id }, { headers: { 'if-match': `"${current.version}"` } });
  await admin.put(`/agents/${agent.id}/queues`, { queue_ids: [queue.id] });
  return agent;
}

/** Opens the agent's routable socket and makes them available. */
export async function goOnline(agent, options = {}) {
  agent.socket = await Socket.staff(agent.api, { topics: ['inbox'], routable: true, ...options });
  await agent.api.put('/me/presence', { status: 'available' });
  return agent;
}

/** A web chat channel for pages of our own origin and `origins`; `identitySecret` signs visitors. */
export async function addWebChat(admin, queue, { identitySecret, origins = [] } = {}) {
  const config = { allowed_origins: [admin.origin, ...origins] };
  const body = { type: 'web_chat', key: `web-${queue.key}`, name: 'Web', queue_id: queue.id, config };
  const channel = await admin.post('/channels', body);
  if (identitySecret) await admin.put(`/channels/${channel.id}/secrets`, { identity_secret: identitySecret });
  const enabled = await admin.post(`/channels/${channel.id}/enable`);
  return { ...enabled, widgetKey: enabled.config.widget_key };
}

export async function visitorOf(channel, origin, session) {
  const visitor = new Visitor(origin, channel.widgetKey);
  await visitor.session(session);
  return visitor;
}

/** A short-lived identity token, as the host page's server signs it. */
export function identityToken(secret, { audience, ...claims }) {
  const now = Math.floor(Date.now() / 1000);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = { aud: audience, iat: now, exp: now + 300, jti: randomUUID(), ...claims };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
