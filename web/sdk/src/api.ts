/** The operations of the API that the console uses, one method each, grouped by noun. Holds no state. */
import { Client } from './client';
import type { Query } from './client';
import type * as M from './model';

type Patch<T> = Partial<Omit<T, 'id' | 'version'>>;
const seg = encodeURIComponent;

/** Typed operations over one {@link Client}. */
export class Api {
  constructor(readonly http: Client) {}

  // set-up and session
  setupState = () => this.http.request<M.SetupState>('GET', '/setup');
  setup = (body: M.SetupInput) => this.http.request<M.SetupDone>('POST', '/setup', { body });
  signIn = (email: string, password: string) => this.http.request<M.Session>('POST', '/session', { body: { email, password } });
  signInByLink = (token: string) => this.http.request<M.Session>('POST', '/session/link', { body: { token } });
  signOut = () => this.http.request<void>('DELETE', '/session');
  requestReset = (email: string) => this.http.request<void>('POST', '/password-resets', { body: { email } });
  acceptInvitation = (body: { token: string; name?: string; password: string; language: string }) =>
    this.http.request<M.Session>('POST', '/invitations/accept', { body });
  completeReset = (body: { token: string; password: string }) => this.http.request<void>('POST', '/password-resets/complete', { body });
  sessions = () => this.http.request<M.List<M.SessionRow>>('GET', '/sessions');
  revokeSession = (id: M.Id) => this.http.request<void>('DELETE', `/sessions/${seg(id)}`);
  revokeOtherSessions = () => this.http.request<void>('DELETE', '/sessions');
  notifications = (query: Query = {}) => this.http.request<M.List<M.Notification>>('GET', '/notifications', { query });
  readNotifications = (upTo: M.Id) => this.http.request<void>('POST', '/notifications/read', { body: { up_to: upTo } });
  bootstrap = () => this.http.request<M.Bootstrap>('GET', '/bootstrap');

  // inbox
  counts = () => this.http.request<M.InboxCounts>('GET', '/inbox/counts');
  conversations = (query: Query, signal?: AbortSignal) =>
    this.http.request<M.List<M.Conversation>>('GET', '/conversations', signal ? { query, signal } : { query });
  conversation = (id: M.Id, expand = 'customer,owner,queue') =>
    this.http.request<M.Conversation>('GET', `/conversations/${seg(id)}`, { query: { expand } });
  patchConversation = (id: M.Id, body: Patch<M.Conversation>) =>
    this.http.request<M.Conversation>('PATCH', `/conversations/${seg(id)}`, { body });
  resolve = (id: M.Id, body: { outcome?: string; wrap_up?: { code_id: M.Id; note?: string } } = {}) =>
    this.http.request<M.Conversation & M.ConversationResult>('POST', `/conversations/${seg(id)}/resolve`, { body });
  reopen = (id: M.Id) => this.http.request<M.Conversation & M.ConversationResult>('POST', `/conversations/${seg(id)}/reopen`, { body: {} });
  snooze = (id: M.Id, body: { until_at?: M.Timestamp; until_reply?: boolean }) =>
    this.http.request<M.Conversation & M.ConversationResult>('POST', `/conversations/${seg(id)}/snooze`, { body });
  unsnooze = (id: M.Id) => this.http.request<M.Conversation & M.ConversationResult>('POST', `/conversations/${seg(id)}/unsnooze`, { body: {} });
  markRead = (id: M.Id, seq: number) => this.http.request<void>('POST', `/conversations/${seg(id)}/read`, { body: { seq } });
  markUnread = (id: M.Id) => this.http.request<void>('POST', `/conversations/${seg(id)}/unread`, { body: {} });
  follow = (id: M.Id, userId: M.Id) => this.http.request<M.Conversation>('PUT', `/conversations/${seg(id)}/followers/${seg(userId)}`);
  unfollow = (id: M.Id, userId: M.Id) => this.http.request<M.Conversation>('DELETE', `/conversations/${seg(id)}/followers/${seg(userId)}`);
  merge = (id: M.Id, into: M.Id) =>
    this.http.request<M.Conversation & M.ConversationResult>('POST', `/conversations/${seg(id)}/merge`, { body: { into } });
  split = (id: M.Id, body: { entry_ids: M.Id[]; subject?: string }) =>
    this.http.request<M.Conversation & M.ConversationResult>('POST', `/conversations/${seg(id)}/split`, { body });
  bulk = (ids: M.Id[], action: { type: string; [member: string]: unknown }) =>
    this.http.request<M.Job | M.BulkPreview>('POST', '/conversations/bulk', { body: { ids, action } });
  job = (id: M.Id) => this.http.request<M.Job>('GET', `/jobs/${seg(id)}`);
  newConversation = (body: { customer_id: M.Id; channel_id?: M.Id; subject?: string }) =>
    this.http.request<M.Conversation>('POST', '/conversations', { body });
  undo = (id: M.Id) => this.http.request<unknown>('POST', `/undos/${seg(id)}`, { body: {} });

  // entries
  entries = (id: M.Id, query: Query) => this.http.request<M.List<M.Entry>>('GET', `/conversations/${seg(id)}/entries`, { query });
  send = (id: M.Id, body: M.NewMessage) => this.http.request<M.Entry>('POST', `/conversations/${seg(id)}/messages`, { body });
  note = (id: M.Id, body: { text: string; mentions: M.Id[]; attachment_ids?: M.Id[] }, idempotencyKey: string) =>
    this.http.request<M.Entry>('POST', `/conversations/${seg(id)}/notes`, { body, idempotencyKey });
  composer = (id: M.Id) => this.http.request<M.ComposerState>('GET', `/conversations/${seg(id)}/composer`);
  retryEntry = (id: M.Id) => this.http.request<M.Entry>('POST', `/entries/${seg(id)}/retry`, { body: {} });
  cancelEntry = (id: M.Id) => this.http.request<M.Entry>('POST', `/entries/${seg(id)}/cancel`, { body: {} });
  editEntry = (id: M.Id, text: string) => this.http.request<M.Entry>('PATCH', `/entries/${seg(id)}`, { body: { text } });
  deleteEntry = (id: M.Id) => this.http.request<void>('DELETE', `/entries/${seg(id)}`);
  /** Masks stretches of the text for good; places in code points. */
  redactEntry = (id: M.Id, ranges: { from: number; to: number }[]) => this.http.request<M.Entry>('POST', `/entries/${seg(id)}/redact`, { body: { ranges } });
  /** Sends a file; `onProgress` gets the share sent, 0–1. */
  upload = (file: Blob, name: string, onProgress?: (share: number) => void, signal?: AbortSignal) =>
    this.http.upload<M.Attachment>('/attachments', file, { query: { name }, ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) });
  attachment = (id: M.Id) => this.http.request<M.Attachment>('GET', `/attachments/${seg(id)}`);

  // drafts
  drafts = () => this.http.request<M.List<M.Draft>>('GET', '/drafts');
  saveDraft = (id: M.Id, mode: M.DraftMode, body: Pick<M.Draft, 'body' | 'attachment_ids' | 'reply_route' | 'base_seq'>) =>
    this.http.request<M.Draft>('PUT', `/conversations/${seg(id)}/drafts/${mode}`, { body });
  dropDraft = (id: M.Id, mode: M.DraftMode) => this.http.request<void>('DELETE', `/conversations/${seg(id)}/drafts/${mode}`);

  // customers and search
  customers = (query: Query, signal?: AbortSignal) =>
    this.http.request<M.List<M.Customer>>('GET', '/customers', signal ? { query, signal } : { query });
  customer = (id: M.Id) => this.http.request<M.Customer>('GET', `/customers/${seg(id)}`);
  customerTimeline = (id: M.Id, query: Query) => this.http.request<M.List<M.Entry>>('GET', `/customers/${seg(id)}/timeline`, { query });
  patchCustomer = (id: M.Id, body: Patch<M.Customer>, ifMatch: number) =>
    this.http.request<M.Customer>('PATCH', `/customers/${seg(id)}`, { body, ifMatch });
  addIdentity = (id: M.Id, body: { kind: M.IdentityKind; address: string }) =>
    this.http.request<M.Identity>('POST', `/customers/${seg(id)}/identities`, { body });
  changeIdentity = (id: M.Id, body: Partial<Pick<M.Identity, 'address' | 'display' | 'is_primary' | 'is_shared'>>) =>
    this.http.request<M.Identity>('PATCH', `/identities/${seg(id)}`, { body });
  removeIdentity = (id: M.Id) => this.http.request<void>('DELETE', `/identities/${seg(id)}`);
  search = (q: string, types: string, limit: number, signal?: AbortSignal) =>
    this.http.request<M.SearchResult>('GET', '/search', { query: { q, types, limit }, ...(signal ? { signal } : {}) });
  mergeCustomer = (id: M.Id, sourceId: M.Id) =>
    this.http.request<M.Merge>('POST', `/customers/${seg(id)}/merge`, { body: { source_id: sourceId, field_choices: {} } });
  undoMerge = (id: M.Id) => this.http.request<unknown>('POST', `/merges/${seg(id)}/undo`, { body: {} });

  // presence, offers, work
  setPresence = (body: { status: string; reason?: string; is_next?: boolean; is_confirmed?: boolean }) =>
    this.http.request<M.Presence>('PUT', '/me/presence', { body });
  acceptOffer = (offer: M.Offer) => this.http.request<M.AcceptResult>('POST', `/offers/${seg(offer.id)}/accept`, { body: { epoch: offer.epoch } });
  declineOffer = (offer: M.Offer, reasonId?: M.Id) =>
    this.http.request<M.Offer>('POST', `/offers/${seg(offer.id)}/decline`, { body: { epoch: offer.epoch, ...(reasonId ? { reason_id: reasonId } : {}) } });
  myOffers = () => this.http.request<M.List<M.Offer>>('GET', '/me/offers');
  declineReasons = () => this.http.request<M.List<M.DeclineReason>>('GET', '/decline-reasons');
  wrapUpCodes = () => this.http.request<M.List<M.WrapUpCode>>('GET', '/wrap-up-codes');
  workItems = (query: Query) => this.http.request<M.List<M.WorkItem>>('GET', '/work-items', { query });
  pull = (id: M.Id) => this.http.request<unknown>('POST', `/work-items/${seg(id)}/pull`, { body: {} });
  complete = (id: M.Id, resolve: boolean) => this.http.request<unknown>('POST', `/work-items/${seg(id)}/complete`, { body: resolve ? { resolve } : {} });
  disposition = (id: M.Id, body: { code_id: M.Id | null; note: string | null }) =>
    this.http.request<unknown>('PUT', `/work-items/${seg(id)}/disposition`, { body });
  extendWrapUp = (id: M.Id) => this.http.request<M.Assignment>('POST', `/work-items/${seg(id)}/wrap-up/extend`, { body: {} });
  finishWrapUp = (id: M.Id) => this.http.request<unknown>('POST', `/work-items/${seg(id)}/wrap-up/finish`, { body: {} });
  transfer = (id: M.Id, body: { to: { agent_id: M.Id } | { queue_id: M.Id }; mode: 'blind' | 'consult'; note?: string }) =>
    this.http.request<unknown>('POST', `/work-items/${seg(id)}/transfer`, { body });
  explain = (id: M.Id) => this.http.request<M.Explanation>('GET', `/work-items/${seg(id)}/explain`);
  reassign = (id: M.Id, body: { to: { agent_id: M.Id } | { queue_id: M.Id }; reason: string }) =>
    this.http.request<unknown>('POST', `/work-items/${seg(id)}/reassign`, { body });
  agents = (query: Query = {}) => this.http.request<M.List<M.Agent>>('GET', '/agents', { query });

  // configuration
  list = <T>(noun: string, query: Query = {}) => this.http.request<M.List<T>>('GET', `/${noun}`, { query });
  one = <T>(noun: string, id: M.Id) => this.http.request<T>('GET', `/${noun}/${seg(id)}`);
  create = <T>(noun: string, body: object) => this.http.request<T>('POST', `/${noun}`, { body });
  patch = <T>(noun: string, id: M.Id, body: object, ifMatch: number) =>
    this.http.request<T>('PATCH', `/${noun}/${seg(id)}`, { body, ifMatch });
  remove = (noun: string, id: M.Id, ifMatch: number) => this.http.request<void>('DELETE', `/${noun}/${seg(id)}`, { ifMatch });
  put = <T>(path: string, body: object, ifMatch?: number) =>
    this.http.request<T>('PUT', path, { body, ...(ifMatch === undefined ? {} : { ifMatch }) });
  post = <T>(path: string, body: object = {}) => this.http.request<T>('POST', path, { body });
  invite = (body: { email: string; name: string; role_ids: string[]; team_ids: M.Id[] }) =>
    this.http.request<{ link?: string }>('POST', '/invitations', { body });
  disableUser = (id: M.Id) => this.http.request<M.User>('POST', `/users/${seg(id)}/disable`, { body: {} });
  organization = () => this.http.request<M.Organization>('GET', '/organization');
  patchOrganization = (body: object, ifMatch: number) => this.http.request<M.Organization>('PATCH', '/organization', { body, ifMatch });
  createToken = (body: M.NewApiToken) => this.http.request<M.ApiToken & { token?: string; secret?: string }>('POST', '/api-tokens', { body });
  audit = (query: Query) => this.http.request<M.List<M.AuditRecord>>('GET', '/audit-records', { query });
  verifyAudit = () => this.http.request<{ is_valid?: boolean; is_intact?: boolean; checked_count?: number }>('GET', '/audit-records/verify');
  seedDemo = () => this.http.request<M.DemoJob>('POST', '/demo', { body: {} });
  removeDemo = () => this.http.request<M.Job | undefined>('DELETE', '/demo');
  simulatorScripts = () => this.http.request<M.List<M.SimulatorScript>>('GET', '/simulator/scripts');
  simulatorRuns = () => this.http.request<M.List<M.SimulatorRun>>('GET', '/simulator/runs');
  startSimulator = (body: { script: string; seed: number; rate_per_min: number }) => this.http.request<M.SimulatorRun>('POST', '/simulator/runs', { body });
  stopSimulator = (id: M.Id) => this.http.request<void>('DELETE', `/simulator/runs/${seg(id)}`);
  config = () => this.http.request<Record<string, unknown>>('GET', '/config');
  applyConfig = (document: object, isDryRun: boolean) =>
    this.http.request<M.ConfigOutcome>('POST', '/config/apply', { query: { is_dry_run: isDryRun }, body: document });
  setSecrets = (id: M.Id, body: Record<string, string | null>) => this.http.request<unknown>('PUT', `/channels/${seg(id)}/secrets`, { body });
  checkChannel = (id: M.Id) => this.http.request<M.ChannelHealth>('POST', `/channels/${seg(id)}/check`, { body: {} });
  enableChannel = (id: M.Id) => this.http.request<M.Channel>('POST', `/channels/${seg(id)}/enable`, { body: {} });
  disableChannel = (id: M.Id) => this.http.request<M.Channel>('POST', `/channels/${seg(id)}/disable`, { body: {} });
  deadLetters = (query: Query) => this.http.request<M.List<M.DeadLetter>>('GET', '/dead-letters', { query });
}
