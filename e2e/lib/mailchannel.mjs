// A mail channel of the organization, joined to real mail servers.
import { until } from './wait.mjs';

export const SUPPORT = 'soporte@centralita.test';
export const LUCIA = 'lucia@clientes.test';
export const USERS = { [SUPPORT]: 'support-secret', [LUCIA]: 'lucia-secret' };

/** Adds the channel, sets its secrets and switches it on; returns it once it is healthy. */
export async function mailChannel(admin, peers, { key = 'soporte', config = {} } = {}) {
  const [queue] = await admin.list('/queues');
  const server = (port) => ({ host: peers.host, port, security: 'none', user: SUPPORT });
  const channel = await admin.post('/channels', {
    type: 'email',
    key,
    name: 'Soporte',
    queue_id: queue.id,
    config: { address: SUPPORT, undo_send_ms: 0, imap: server(peers.imapPort), smtp: server(peers.smtpPort), ...config },
  });
  await admin.put(`/channels/${channel.id}/secrets`, { imap_password: USERS[SUPPORT], smtp_password: USERS[SUPPORT] });
  await admin.post(`/channels/${channel.id}/enable`);
  return healthy(admin, channel.id);
}

/** Waits until the channel's health is `state`. */
export function healthy(admin, id, state = 'ok', { deadlineMs = 30_000 } = {}) {
  return until(`channel ${state}`, async () => {
    const channel = await admin.get(`/channels/${id}`);
    return channel.health.state === state && channel;
  }, { deadlineMs, everyMs: 200 });
}

/** The messages of a conversation by mail, oldest first. */
export async function mails(api, conversationId) {
  return (await api.entries(conversationId)).filter((e) => e.kind === 'message' && e.channel_kind === 'email');
}

/** The first entry of any conversation that `accepts`, with its conversation. */
export function entryOf(api, what, accepts, { deadlineMs = 60_000 } = {}) {
  return until(what, async () => {
    for (const conversation of (await api.get('/conversations?list=all&limit=200')).items) {
      const entry = (await api.entries(conversation.id)).find(accepts);
      if (entry) return { entry, conversation };
    }
    return null;
  }, { deadlineMs, everyMs: 300 });
}
