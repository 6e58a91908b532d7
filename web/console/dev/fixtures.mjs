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
  on_full: { action: 'wait', queue_id: null }, on_closed: { action: 'wait', queue_id: null }, service_target_ms: 20_000, wrap_up_code_required: required, state: 'open', version: 1,
});
export const queues = [queue('ventas', 'Ventas', 'Sales'), queue('pedidos', 'Pedidos y envíos', 'Orders and delivery'), queue('averias', 'Averías', 'Repairs', true)];
export const routingConfigs = [['chat', 'longest_idle', 1000, 'primary', 20_000], ['correo', 'most_available', 300, 'interruptible', 60_000]].map(([key, agent_model, units_milli, capacity_pool, offer_timeout_ms]) => ({
  id: id(), key, tier: 0, order_mode: 'aged', agent_model, units_milli, capacity_pool, offer_timeout_ms, auto_accept: false, misses_before_away: 2, exclusion_ttl_ms: 120_000, retry_gap_ms: 15_000,
  wrap_up: { mode: 'timeboxed', max_ms: 60_000, extension_ms: 60_000, extensions_max: 3, blocks: [] }, version: 1,
}));
const officeDay = [{ from: '09:00', to: '14:00' }, { from: '16:00', to: '19:00' }];
export const hours = [{
  id: id(), key: 'oficina', time_zone: 'Europe/Madrid', weekly: [officeDay, officeDay, officeDay, officeDay, [{ from: '09:00', to: '15:00' }], [], []],
  exceptions: [{ on: '2026-12-25', intervals: [], name: 'Navidad' }, { on: '2026-12-24', intervals: [{ from: '09:00', to: '13:00' }], name: 'Nochebuena' }], is_emergency_closed: false, version: 1,
}];
export const tags = [['envios', 'Envíos'], ['garantia', 'Garantía'], ['vip', 'VIP']].map(([key, name]) => ({ id: id(), key, name, colour: null, version: 1 }));
export const fields = [
  { id: id(), key: 'pedido', name: { es: 'Pedido', en: 'Order' }, noun: 'conversation', type: 'text', options: [], is_required_to_resolve: true, version: 1 },
  { id: id(), key: 'tienda', name: { es: 'Tienda', en: 'Shop' }, noun: 'conversation', type: 'choice', options: ['Ruzafa', 'Benimaclet'], is_required_to_resolve: false, version: 1 },
];
export const conversationStatuses = [['abierta', 'Abierta', 'Open', 'open', true], ['taller', 'En el taller', 'At the workshop', 'waiting', false], ['espera', 'En espera', 'Waiting', 'waiting', true], ['resuelta', 'Resuelta', 'Resolved', 'resolved', true]].map(([key, es, en, category, is_default], position) => ({
  id: id(), key, name: { es, en }, category, is_default, position, version: 1,
}));
export const tokens = [{ id: id(), name: 'Integración con la tienda', prefix: 'ctk_9f3a', agent_id: null, grants: [{ permission: 'work.create', scope: 'organization' }, { permission: 'customers.read', scope: 'organization' }], cidrs: ['10.0.0.0/8'], created_at: at(90 * 24 * H), expires_at: null, last_used_at: at(4 * MIN), version: 1 }];
export const sessions = [{ id: id(), user_id: '', created_at: at(H), last_seen_at: at(), ip: '10.2.0.14', user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0', is_current: true }, { id: id(), user_id: '', created_at: at(30 * H), last_seen_at: at(20 * H), ip: '10.2.0.90', user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Safari/605', is_current: false }];
export const audit = [
  { id: id(), at: at(3 * MIN), actor: { type: 'user', id: null, name: 'Dani Molina' }, action: 'queue.updated', resource: { type: 'queue', id: 'ventas' }, before: { name: { es: 'Venta', en: 'Sales' }, max_waiting: null }, after: { name: { es: 'Ventas', en: 'Sales' }, max_waiting: 20 }, ip: '10.2.0.14', session_id: null, reason: null },
  { id: id(), at: at(50 * MIN), actor: { type: 'user', id: null, name: 'Elena Soler' }, action: 'agent.presence_set', resource: { type: 'agent', id: 'nuria' }, before: { status: 'available' }, after: { status: 'break' }, ip: '10.2.0.20', session_id: null, reason: 'Se fue la luz en su casa' },
  { id: id(), at: at(27 * H), actor: { type: 'user', id: null, name: 'Dani Molina' }, action: 'user.invited', resource: { type: 'user', id: 'leire' }, before: null, after: { name: 'Leire Vidal', email: 'leire.vidal@pedales.es' }, ip: '10.2.0.14', session_id: null, reason: null },
];
export const letters = [{ id: id(), channel_id: channels[1].id, channel_name: channels[1].name, direction: 'in', reason: 'list', entry_id: null, about: { from: 'boletin@ciclismo.example', subject: 'Boletín de Ciclismo a Fondo' }, raw_available: true, created_at: at(5 * H) }];
export const presenceConfigs = [{
  id: id(), key: 'standard', cap_primary_milli: 8000, cap_interruptible_milli: 0, channel_max: {}, auto_accept: false, decline_allowed: true, decline_reason_ids: [],
  status_on_decline: null, status_on_timeout: statuses[6].id, grace_ms: 30_000, version: 1,
}];
const channel = (type, name, queueIndex, config, health) => ({
  id: id(), type, name, key: name.toLowerCase().replace(/[^a-z]+/g, '-'), state: 'enabled', config, secrets: {}, hook_url: null, queue_id: queues[queueIndex].id, hours_id: null,
  capabilities: {}, health: { state: 'ok', last_in_at: at(8000), last_out_at: at(9000), error: null, ...health }, is_test: false, version: 1,
});
export const channels = [
  channel('web_chat', 'Chat web · pedales.es', 0, { widget_key: 'pk7Qm2Vx9Lr4Tn8Ws3Zb1C', allowed_origins: ['https://pedales.es'], greeting: '¡Hola!' }),
  channel('email', 'hola@pedales.es', 1, { address: 'hola@pedales.es', imap: { host: 'imap.pedales.es', port: 993, security: 'tls' }, smtp: { host: 'smtp.pedales.es', port: 465, security: 'tls' } }),
  channel('whatsapp', 'WhatsApp · Pedales', 1, {}, { state: 'down', error: { code: 'auth', text: { es: 'Caducó el permiso', en: 'The permission expired' }, since_at: at(3 * H) } }),
];
channels[1].secrets = { imap_password: { is_set: true, last4: 'k3y9', set_at: at(H) }, smtp_password: { is_set: true, last4: 'k3y9', set_at: at(H) } };
const server = (step, port) => ({ type: 'object', required: ['host'], 'x-step': step, properties: {
  host: { type: 'string', title: { es: 'Servidor', en: 'Server' } }, port: { type: 'integer', default: port, title: { es: 'Puerto', en: 'Port' } },
  security: { enum: ['tls', 'starttls', 'none'], default: 'tls', title: { es: 'Seguridad', en: 'Security' } }, user: { type: 'string', title: { es: 'Usuario', en: 'User' } },
} });
const secret = (step) => ({ type: 'string', 'x-secret': true, 'x-step': step, title: { es: 'Contraseña', en: 'Password' } });
export const channelTypes = [
  { kind: 'web_chat', family: 'chat', name: { es: 'Chat web', en: 'Web chat' }, capabilities: {}, setup_steps: [], config_schema: { type: 'object', properties: { allowed_origins: { type: 'array', 'x-step': 'site' } } } },
  { kind: 'email', family: 'email', name: { es: 'Correo electrónico', en: 'Email' }, capabilities: {}, setup_steps: [], config_schema: { type: 'object', required: ['address', 'imap', 'smtp'], properties: {
    address: { type: 'string', 'x-step': 'address', title: { es: 'Dirección', en: 'Address' }, 'x-help': { es: 'La dirección a la que escriben los clientes.', en: 'The address customers write to.' } },
    name: { type: 'string', 'x-step': 'address', title: { es: 'Nombre del remitente', en: 'Sender name' } }, imap: server('imap', 993), smtp: server('smtp', 465), imap_password: secret('imap'), smtp_password: secret('smtp'),
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

const lucia = conversation(customers[0], { subject: 'Pedido 20931 no recibido', tags: ['envios'], priority: 'high', channel_kinds: ['voice', 'whatsapp', 'web_chat'], sla: sla(2 * MIN + 14_000, 'warning'), unread_count: 1 });
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
const PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='320' height='200'%3E%3Crect width='320' height='200' fill='%23b8d4c8'/%3E%3Ccircle cx='110' cy='130' r='42' fill='none' stroke='%2315614a' stroke-width='8'/%3E%3Ccircle cx='220' cy='130' r='42' fill='none' stroke='%2315614a' stroke-width='8'/%3E%3C/svg%3E";
export const attachment = (name, media_type, size_bytes, preview_url = null) => ({ id: id(), name, media_type, size_bytes, sha256: null, state: 'ready', width: 320, height: 200, download_url: null, preview_url });
const mail = { channel_id: channels[1].id, channel_kind: 'email', language: 'en' };
const headers = { message_id: '<1@brown>', subject: 'Invoice 881', to: ['hola@pedales.es'], cc: ['accounts@brown.co.uk'], spf: 'pass', dkim: 'pass', dmarc: 'pass', quoted_from: null };
entry(oliver, { ...mail, mail: headers, raw_available: true, attachments: [attachment('invoice-881.pdf', 'application/pdf', 182_000), attachment('bike.jpg', 'image/jpeg', 96_000, PICTURE)], created_at: at(40 * MIN), body: { text: 'Hello,\n\nThe invoice shows the wrong VAT number. Could you send a new one?\n\nOliver',
  html: '<p>Hello,</p><p>The invoice shows the <b style="color:#b42318">wrong VAT number</b>. Could you send a new one?</p><table border="1" cellpadding="6"><tr><th>Invoice</th><th>VAT</th></tr><tr><td>881</td><td>ES-B00000000</td></tr></table><p><img data-remote-src="https://brown.example/logo.png" alt="Brown &amp; Sons"></p><div class="gmail_quote"><p>On Monday Pedales wrote:</p><blockquote>Your invoice is attached.</blockquote></div>' } });
const answer = 'Hi Oliver, the corrected invoice goes out today.\n\nDani';
entry(oliver, { ...mail, direction: 'out', author: me, mail: { ...headers, subject: 'Re: Invoice 881', to: ['oliver@brown.co.uk'], cc: [], quoted_from: answer.length }, body: { text: `${answer}\n\nOn Monday you wrote:\n> The invoice shows the wrong VAT number.` }, delivery: { ...delivery('queued'), attempt: 2, next_retry_at: at(-4 * MIN), error: { code: 'greylisted', class: 'retry', provider_code: '451', text: '4.7.1 try again later' } }, created_at: at(20 * MIN) });
entry(oliver, { ...mail, direction: 'out', author: me, mail: { ...headers, subject: 'Re: Invoice 881', to: ['oliver@brown.co.uk'], cc: [] }, body: { text: 'I have just sent it; tell me if it is missing.' }, delivery: { ...delivery('unknown') }, created_at: at(10 * MIN) });
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

export const notifications = [
  { id: id(), kind: 'mention', conversation_id: lucia.id, entry_id: null, actor: actor('agent', 'Ana Ribas'), created_at: at(4 * MIN), read_at: null },
  { id: id(), kind: 'assigned', conversation_id: oliver.id, entry_id: null, actor: actor('user', 'Elena Soler'), created_at: at(2 * H), read_at: at(H) },
];
