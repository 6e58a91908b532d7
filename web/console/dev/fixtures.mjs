/** The bike shop «Pedales»: customers, conversations and settings for the console without a server. */
let counter = 0;
export const id = () => `0198c0de-0000-7000-8000-${String(++counter).padStart(12, '0')}`;
export const at = (msAgo = 0) => new Date(Date.now() - msAgo).toISOString().replace('Z', '000Z');
const MIN = 60_000;
const H = 60 * MIN;

const status = (key, es, en, kind, channels, is_system = false) => ({
  id: id(), key, name: { es, en }, kind, channels, activity: null, is_paid: true, is_productive: true, max_duration_ms: null,
  needs_approval: false, is_system, created_at: at(), updated_at: at(), version: 1,
});
export const statuses = [
  status('available', 'Disponible', 'Available', 'online', { voice: 'online', chat: 'online', messaging: 'online', email: 'online' }),
  status('chat_only', 'Solo chat', 'Chat only', 'online', { voice: 'off', chat: 'online', messaging: 'online', email: 'off' }),
  status('busy', 'Ocupado', 'Busy', 'busy', { voice: 'transfers_only', chat: 'off', messaging: 'off', email: 'off' }),
  status('break', 'Pausa', 'Break', 'busy', {}),
  status('training', 'Formación', 'Training', 'busy', {}),
  status('offline', 'Fuera', 'Offline', 'offline', {}),
  status('missed', 'Sin respuesta', 'No answer', 'busy', {}, true),
];
export const organization = { id: id(), name: 'Pedales', key: 'pedales', default_language: 'es', languages: ['es', 'en'], time_zone: 'Europe/Madrid', undo_send_ms: 10_000, version: 1 };
export const roles = [['agent', 'Agente', 'Agent'], ['supervisor', 'Supervisión', 'Supervisor'], ['admin', 'Administración', 'Admin']].map(([key, es, en]) => ({
  id: id(), key, name: { es, en }, grants: [], is_builtin: true, version: 1,
}));
const user = (name, email, role, state = 'active') => ({
  id: id(), email, name, language: 'es', time_zone: 'Europe/Madrid', role_ids: [role.id], state, has_password: true, last_sign_in_at: at(H), preferences: {}, version: 1,
});
export const users = [
  user('Dani Molina', 'dani.molina@pedales.es', roles[2]), user('Ana Ribas', 'ana.ribas@pedales.es', roles[0]),
  user('Nuria Tena', 'nuria.tena@pedales.es', roles[0]), user('Elena Soler', 'elena.soler@pedales.es', roles[1]), user('Leire Vidal', 'leire.vidal@pedales.es', roles[0], 'invited'),
];
export const teams = [
  { id: id(), key: 'atencion', name: 'Atención al cliente', user_ids: users.slice(0, 4).map((one) => one.id), lead_ids: [users[3].id], version: 1 },
  { id: id(), key: 'taller', name: 'Taller', user_ids: [users[2].id], lead_ids: [], version: 1 },
];
const presenceOf = (agentId, index, ago) => ({
  agent_id: agentId, status_id: statuses[index].id, since_at: at(ago), next_status_id: null, session: 'live', grace_until_at: null, epoch: 1, is_wrap_up_locked: false, channels: statuses[index].channels,
});
export const agents = users.slice(0, 4).map((one, index) => {
  const agentId = id();
  return {
    id: agentId, user_id: one.id, kind: 'human', display_name: one.name, team_ids: [teams[0].id], presence_config_id: null, skills: [], queue_ids: [], state: 'active',
    presence: presenceOf(agentId, index === 2 ? 2 : 0, 12 * MIN + 4000),
    load: { primary_milli: 5000, interruptible_milli: 0, cap_primary_milli: 8000, cap_interruptible_milli: 0, channels: {} }, idle_since_at: null, version: 1,
  };
});
const queue = (key, es, en, required = false) => ({
  id: id(), key, name: { es, en }, routing_config_id: null, hours_id: null, members: [{ team_id: teams[0].id, tier: 1, delay_ms: 0 }], max_waiting: null, max_wait_ms: null,
  service_target_ms: 20_000, wrap_up_code_required: required, state: 'open', version: 1,
});
export const queues = [queue('ventas', 'Ventas', 'Sales'), queue('pedidos', 'Pedidos y envíos', 'Orders and delivery'), queue('averias', 'Averías', 'Repairs', true)];
export const routingConfigs = [{ id: id(), key: 'chat', name: { es: 'Chat, más hueco primero', en: 'Chat, most room first' }, version: 1 }];
export const presenceConfigs = [{
  id: id(), key: 'standard', cap_primary_milli: 8000, cap_interruptible_milli: 0, channel_max: {}, auto_accept: false, decline_allowed: true, decline_reason_ids: [],
  status_on_decline: null, status_on_timeout: statuses[6].id, idle_after_ms: 900_000, version: 1,
}];
const channel = (type, name, queueIndex, config, health) => ({
  id: id(), type, name, key: name.toLowerCase().replace(/[^a-z]+/g, '-'), state: 'enabled', config, secrets: {}, hook_url: null, queue_id: queues[queueIndex].id, hours_id: null,
  capabilities: {}, health: { state: 'ok', last_in_at: at(8000), last_out_at: at(9000), error: null, ...health }, is_test: false, version: 1,
});
export const channels = [
  channel('web_chat', 'Chat web · pedales.es', 0, { widget_key: 'pk7Qm2Vx9Lr4Tn8Ws3Zb1C', allowed_origins: ['https://pedales.es'], greeting: '¡Hola!' }),
  channel('email', 'hola@pedales.es', 1, { address: 'hola@pedales.es', imap_host: 'imap.pedales.es', imap_port: 993, smtp_host: 'smtp.pedales.es', smtp_port: 465 }),
  channel('whatsapp', 'WhatsApp · Pedales', 1, {}, { state: 'down', error: { code: 'auth', text: { es: 'Caducó el permiso', en: 'The permission expired' }, since_at: at(3 * H) } }),
];
channels[1].secrets = { imap_password: { is_set: true, last4: 'k3y9', set_at: at(H) }, smtp_password: { is_set: true, last4: 'k3y9', set_at: at(H) } };
export const channelTypes = [
  { kind: 'web_chat', family: 'chat', names: { es: 'Chat de tu web', en: 'Web chat' }, capabilities: {}, setup_steps: [], config_schema: { type: 'object', required: ['allowed_origins'], properties: { allowed_origins: { type: 'array', items: { type: 'string' } }, greeting: { type: 'string' }, requires_identity: { type: 'boolean' } } } },
  { kind: 'email', family: 'mail', names: { es: 'Correo', en: 'Email' }, capabilities: {}, setup_steps: [], config_schema: { type: 'object', required: ['address', 'imap_host', 'smtp_host'], properties: {
    address: { type: 'string' }, from_name: { type: 'string' }, imap_host: { type: 'string' }, imap_port: { type: 'integer', default: 993 }, imap_username: { type: 'string' }, imap_password: { type: 'string', 'x-secret': true },
    smtp_host: { type: 'string' }, smtp_port: { type: 'integer', default: 465 }, smtp_security: { enum: ['tls', 'starttls', 'none'], default: 'tls' }, smtp_username: { type: 'string' }, smtp_password: { type: 'string', 'x-secret': true },
  } } },
];
const customer = (name, extra = {}) => ({
  id: id(), name, given_name: null, family_name: null, language: 'es', time_zone: 'Europe/Madrid', company_id: null, owner_agent_id: null, is_vip: false, is_blocked: false, value: null, renewal_on: null,
  fields: {}, tags: [], state: 'active', merged_into_id: null, first_seen_at: '2021-03-04T09:00:00.000000Z', last_seen_at: at(5 * MIN), first_source: 'web', is_demo: true, created_at: at(), version: 1, identities: [], ...extra,
});
const identity = (kind, address, verification, extra = {}) => ({
  id: id(), customer_id: '', kind, address, display: address, channel_id: null, verification, verified_at: null, verified_by: null, reachability: 'ok', is_authenticated: false, is_shared: false, is_primary: false, ...extra,
});
export const customers = [
  customer('Lucía García Ferrer', { is_vip: true, value: { amount: 234_000, currency: 'EUR' }, renewal_on: '2026-12-12', tags: ['Ciudad', 'Eléctrica'], fields: { Bici: 'Ronda 7, talla M', 'N.º de cuadro': 'RD7-22-04418' },
    identities: [identity('whatsapp', '+34 655 210 873', 'verified', { is_primary: true }), identity('email', 'lucia.gf@correo.es', 'verified'), identity('instagram', '@lucia.rueda', 'claimed'), identity('visitor', 'v-88213', 'observed')] }),
  customer('Oliver Brown', { language: 'en', time_zone: 'Europe/London', identities: [identity('email', 'oliver@brown.co.uk', 'observed')] }),
  customer('Marcos Pérez'), customer('Carmen Navarro'), customer('Hugo Vega'), customer('Javier Ruiz'), customer(null), customer('Amira Benali', { language: 'fr' }),
];
const actor = (type, name = null, actorId = null) => ({ type, id: actorId, name });
export const me = actor('agent', 'Dani Molina', agents[0].id);
export const entries = new Map();
export const conversations = [];
export function entry(conversation, patch) {
  const list = entries.get(conversation.id) ?? [];
  entries.set(conversation.id, list);
  const row = {
    id: id(), conversation_id: conversation.id, interaction_id: null, customer_id: conversation.customer_id, seq: list.length + 1, kind: 'message', direction: 'in',
    author: actor('customer', conversation.customer?.name ?? null), channel_id: channels[0].id, channel_kind: 'web_chat', occurred_at: null, audience: 'private', language: 'es', body: { text: '' },
    attachments: [], reply_to_id: null, delivery: null, client_message_id: null, mail: null, edited_at: null, deleted_at: null, is_redacted: false, is_truncated: false, raw_available: false, created_at: at(), ...patch,
  };
  list.push(row);
  conversation.last_entry_seq = row.seq;
  conversation.last_activity_at = row.created_at;
  if (row.kind === 'message' || row.kind === 'note') {
    conversation.last_entry = { id: row.id, seq: row.seq, kind: row.kind, direction: row.direction, author_name: row.author.name, text: (row.body.text ?? '').slice(0, 140), channel_kind: row.channel_kind, created_at: row.created_at, delivery_state: row.delivery?.state ?? null };
  }
  return row;
}
export const delivery = (state, error = null) => ({ state, attempt: 1, provider_id: null, error, sent_at: null, delivered_at: null, read_at: null, next_retry_at: null, undo_until_at: null, segments: null });
export function conversation(who, extra = {}) {
  const row = {
    id: id(), number: 4800 + conversations.length + 21, subject: null, outcome: null, status_id: id(), status_category: 'open', priority: 'normal', customer_id: who.id, owner_agent_id: agents[0].id, team_id: null,
    queue_id: queues[1].id, reply_route: null, channel_kinds: ['web_chat'], language: who.language, tags: [], fields: {}, snooze: null, follower_ids: [], sla: null, waiting_since_at: null, first_response_at: null,
    last_activity_at: at(), last_entry: null, last_entry_seq: 0, unread_count: 0, work: [], merged_into_id: null, linked_ids: [], is_blocked: false, is_restricted: false, is_test: false, is_demo: true, resolved_at: null,
    reopened_count: 0, created_at: at(), version: 1, customer: who, ...extra,
  };
  conversations.push(row);
  return row;
}
const sla = (ms, state) => ({ next_kind: 'next_response', next_due_at: at(-ms), state });

const lucia = conversation(customers[0], { subject: 'Pedido 20931 no recibido', tags: ['envíos'], channel_kinds: ['voice', 'whatsapp', 'web_chat'], sla: sla(2 * MIN + 14_000, 'warning'), unread_count: 1 });
const wa = { channel_id: channels[2].id, channel_kind: 'whatsapp' };
entry(lucia, { kind: 'event', direction: 'internal', author: actor('system'), channel_kind: null, body: { type: 'conversation.created', data: {} }, created_at: at(26 * H) });
entry(lucia, { ...wa, body: { text: '¿Cuándo sale mi pedido 20931? https://pedales.es/pedidos/20931' }, created_at: at(26 * H) });
entry(lucia, { kind: 'call_leg', author: actor('customer'), channel_kind: 'voice', body: {}, created_at: at(80 * MIN) });
entry(lucia, { ...wa, body: { text: 'Hola, os llamé antes. Mi pedido 20931 no ha llegado todavía y *era un regalo*.' }, created_at: at(12 * MIN) });
entry(lucia, { kind: 'note', direction: 'internal', author: me, channel_kind: null, body: { text: '@Ana: almacén dice que salió ayer con retraso. Podemos ofrecer envío gratis.' }, created_at: at(9 * MIN) });
entry(lucia, { ...wa, direction: 'out', author: me, body: { text: 'Hola, Lucía. He visto que llamaste esta mañana; sigo yo con tu caso.' }, delivery: delivery('read'), created_at: at(8 * MIN) });
entry(lucia, { ...wa, direction: 'out', author: me, body: { text: 'Tu paquete salió ayer y llega mañana.' }, delivery: delivery('failed', { code: 'window_closed', class: 'policy', provider_code: '131047', text: null }), created_at: at(7 * MIN) });
entry(lucia, { ...wa, body: { text: '¡Gracias!' }, created_at: at(6 * MIN) });
const oliver = conversation(customers[1], { subject: 'Wrong VAT number', channel_kinds: ['email'], sla: sla(18 * MIN, 'warning'), language: 'en' });
entry(oliver, { channel_id: channels[1].id, channel_kind: 'email', language: 'en', mail: { message_id: '<1@brown>', subject: 'Invoice 881', to: ['hola@pedales.es'], cc: [], spf: 'pass', dkim: 'pass', dmarc: 'pass', quoted_from: null }, body: { text: 'Hello,\n\nThe invoice shows the wrong VAT number. Could you send a new one?\n\nOliver', html: '<p>Hello,</p><p>The invoice shows the <b>wrong</b> VAT number. Could you send a new one?</p><p>Oliver</p>' }, attachments: [{ id: id(), name: 'invoice-881.pdf', media_type: 'application/pdf', size_bytes: 84_120, sha256: null, state: 'ready', width: null, height: null, download_url: null, preview_url: null }], created_at: at(40 * MIN) });
for (const [who, kind, text, ms] of [[2, 'web_chat', 'Me interesa la Ronda 7 eléctrica', 70 * MIN], [3, 'instagram', '¿Puedo cambiar la talla?', 3 * H], [4, 'sms', 'Gracias, ya lo he recibido', 20 * H]]) {
  const row = conversation(customers[who], { channel_kinds: [kind], sla: sla(ms, 'ok'), queue_id: queues[0].id });
  entry(row, { channel_kind: kind, body: { text }, created_at: at(ms / 2) });
}
const anonymous = conversation(customers[6], { queue_id: queues[2].id, owner_agent_id: null, waiting_since_at: at(4 * MIN), unread_count: 2 });
entry(anonymous, { body: { text: 'Hola, ¿hay alguien?' }, created_at: at(4 * MIN) });
const snoozed = conversation(customers[7], { subject: 'Bici de alquiler', snooze: { until_at: at(-20 * H), until_reply: false, by: users[0].id } });
entry(snoozed, { body: { text: 'Bonjour, je voudrais louer un vélo' }, language: 'fr', created_at: at(5 * H) });
const old = conversation(customers[0], { subject: 'Cambio de talla del maillot', status_category: 'resolved', channel_kinds: ['email'], resolved_at: at(500 * H) });
entry(old, { channel_kind: 'email', body: { text: 'Me queda grande el maillot' }, created_at: at(520 * H) });
const long = conversation(customers[5], { subject: 'Conversación larga', queue_id: queues[2].id, sla: sla(5 * H, 'ok') });
for (let n = 1; n <= 180; n += 1) entry(long, { direction: n % 3 ? 'in' : 'out', author: n % 3 ? actor('customer', 'Javier Ruiz') : me, delivery: n % 3 ? null : delivery('delivered'), body: { text: `Mensaje ${n}: el cambio sigue saltando en el piñón ${n % 11}.` }, created_at: at((200 - n) * 20 * MIN) });

export const codes = [['bateria', 'Garantía: batería', 'Warranty: battery'], ['envio', 'Envío retrasado', 'Late delivery'], ['otro', 'Otro motivo', 'Other']].map(([key, es, en]) => ({ id: id(), key, name: { es, en }, parent_id: null, queue_ids: [] }));
export const reasons = [['idioma', 'No hablo ese idioma', 'I do not speak the language'], ['descanso', 'Voy a descansar', 'About to take a break'], ['otro', 'Otro motivo', 'Another reason']].map(([key, es, en]) => ({ id: id(), key, name: { es, en } }));
export const work = [];
export const offers = [];
export function makeWork(row, state, extra = {}) {
  const item = {
    id: id(), kind: 'interaction', routing_kind: 'chat', interaction_id: id(), conversation_id: row.id, customer_id: row.customer_id, subject: null, channel_id: channels[0].id, queue_id: row.queue_id, direction: 'in', language: 'es',
    priority: 10, due_at: null, units_milli: 1000, is_interruptible: false, state, pause_reason: null, close_reason: null, cancel_reason: null, enqueued_at: at(41_000), position: null, estimated_wait: null, attempt: 1, agent_id: null, assignment_id: null, previous_id: null, version: 1, ...extra,
  };
  work.push(item);
  row.work = [{ work_item_id: item.id, state, agent_id: item.agent_id, queue_id: item.queue_id }];
  return item;
}
export function makeOffer(row, ringMs = 30_000) {
  const item = makeWork(row, 'offered');
  const offer = {
    id: id(), work_item_id: item.id, agent_id: agents[0].id, epoch: 1, state: 'pending', mode: 'single', created_at: at(), deadline_at: at(-ringMs), ended_at: null, end_reason: null, decline_reason_id: null, version: 1,
    card: { channel_kind: row.last_entry?.channel_kind ?? 'web_chat', queue_name: queues[2].name.es, customer: { id: row.customer_id, name: row.customer?.name ?? null, is_vip: false }, waited_ms: 41_000, preview: 'Se me ha roto el cambio y salgo de ruta mañana', language: 'es', last_relation: 'habló contigo en octubre', next_agent_name: 'Ana Ribas' },
  };
  offers.push(offer);
  return offer;
}
for (const row of [lucia, oliver, ...conversations.slice(2, 5)]) makeWork(row, 'active', { agent_id: agents[0].id });
