// An organization made through the API alone: its first queue and web chat, and the people who answer.
import { Api } from './api.mjs';
import { Socket } from './socket.mjs';
import { until } from './wait.mjs';
import { Visitor } from './visitor.mjs';

export const PASSWORD = 'cascabel-Trueno-7719';
export const ADMIN = { name: 'Ada Ruiz', email: 'ada@example.com', password: PASSWORD };

/** Uses the one-use link; the first user is an administrator. */
export async function setUp(server, { language = 'es', demo } = {}) {
  const { token } = await server.link();
  const admin = new Api(server.origin);
  const place = { organization_name: 'Pedales', language, time_zone: 'Europe/Madrid' };
  await admin.post('/setup', { token, ...ADMIN, ...place, ...(demo ? { demo } : {}) });
  return admin;
}

/** Changes how the first queue routes: short times instead of a test clock. */
export async function route(admin, change) {
  const [config] = await admin.list('/routing-configs');
  return admin.patch(`/routing-configs/${config.id}`, change, { headers: { 'if-match': `"${config.version}"` } });
}

/** Public key of the organization's first web chat, as its demonstration page carries it. */
export async function widgetKey(origin) {
  const page = await (await fetch(`${origin}/demo`)).text();
  const [, key] = page.match(/data-key="([^"]+)"/) ?? [];
  if (!key) throw new Error('/demo carries no widget');
  return key;
}

/** Invites somebody, accepts for them, and keeps them signed in. */
export async function addAgent(admin, name) {
  const email = `${name.toLowerCase()}@example.com`;
  const { link } = await admin.post('/invitations', { name, email, role_ids: ['agent'] });
  const token = new URL(link).searchParams.get('token');
  const api = new Api(admin.origin);
  const session = await api.post('/invitations/accept', { token, name, password: PASSWORD, language: 'es' });
  return { api, name, email, password: PASSWORD, id: session.agent.id, userId: session.user.id };
}

/** Opens the agent's routable socket, resuming where the last one ended, and makes them available. */
export async function goOnline(agent) {
  agent.socket = await Socket.staff(agent.api, { topics: ['inbox'], routable: true, after: agent.socket?.cursor });
  await agent.api.put('/me/presence', { status: 'available' });
  return agent;
}

/** The first pending offer of any of them: `{agent, offer}`. */
export function pendingOffer(agents, accepts = () => true, { deadlineMs = 20_000 } = {}) {
  return until(
    'a pending offer',
    async () => {
      for (const agent of agents) {
        const offer = (await agent.api.get('/me/offers')).items.find(accepts);
        if (offer) return { agent, offer };
      }
      return null;
    },
    { deadlineMs },
  );
}

export function accept({ agent, offer }) {
  return agent.api.post(`/offers/${offer.id}/accept`, { epoch: offer.epoch });
}

/** Ends work, its wrap-up too. */
export async function complete(agent, itemId) {
  const item = await agent.api.post(`/work-items/${itemId}/complete`, {});
  if (item.state === 'wrap_up') await agent.api.post(`/work-items/${itemId}/wrap-up/finish`, {});
}

export async function visitorOf(origin, key, session) {
  const visitor = new Visitor(origin, key);
  await visitor.session(session);
  return visitor;
}
