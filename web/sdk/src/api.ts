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
  undo = (id: M.Id) => this.http.request<unknown>('POST', `/undos/${seg(id)}`, { body: {} });

  // entries
  entries = (id: M.Id, query: Query) => this.http.request<M.List<M.Entry>>('GET', `/conversations/${seg(id)}/entries`, { query });
  send = (id: M.Id, body: M.NewMessage) => this.http.request<M.Entry>('POST', `/conversations/${seg(id)}/messages`, { body });
  note = (id: M.Id, body: { text: string; mentions: M.Id[]; attachment_ids?: M.Id[] }, idempotencyKey: string) =>
    this.http.request<M.Entry>('POST', `/conversations/${seg(id)}/notes`, { body, idempotencyKey });
  composer = (id: M.Id) => this.http.request<M.ComposerState>('GET', `/conversations/${seg(id)}/composer`);
  retryEntry = (id: M.Id) => this.http.request<M.Entry>('POST', `/entries/${seg(id)}/retry`, { body: {} });
  cancelEntry = (id: M.Id) => this.http.request<M.Entry>('POST', `/entries/${seg(id)}/cancel`, { body: {} });
  upload = (file: Blob, name: string) => this.http.request<M.Attachment>('POST', '/attachments', { query: { name }, raw: file });

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
  search = (q: string, types: string, signal?: AbortSignal) =>
    this.http.request<M.SearchResult>('GET', '/search', { query: { q, types, limit: 6 }, ...(signal ? { signal } : {}) });

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
  agents = (query: Query = {}) => this.http.request<M.List<M.Agent>>('GET', '/agents', { query });

  // configuration
  list = <T>(noun: string, query: Query = {}) => this.http.request<M.List<T>>('GET', `/${noun}`, { query });
  one = <T>(noun: string, id: M.Id) => this.http.request<T>('GET', `/${noun}/${seg(id)}`);
  create = <T>(noun: string, body: object) => this.http.request<T>('POST', `/${noun}`, { body });
  patch = <T>(noun: string, id: M.Id, body: object, ifMatch: number) =>
    this.http.request<T>('PATCH', `/${noun}/${seg(id)}`, { body, ifMatch });
  remove = (noun: string, id: M.Id, ifMatch: number) => this.http.request<void>('DELETE', `/${noun}/${seg(id)}`, { ifMatch });
  invite = (body: { email: string; name: string; role_ids: M.Id[]; team_ids: M.Id[] }) =>
    this.http.request<{ url?: string }>('POST', '/invitations', { body });
  disableUser = (id: M.Id) => this.http.request<M.User>('POST', `/users/${seg(id)}/disable`, { body: {} });
  setSecrets = (id: M.Id, body: Record<string, string | null>) => this.http.request<unknown>('PUT', `/channels/${seg(id)}/secrets`, { body });
  checkChannel = (id: M.Id) => this.http.request<M.ChannelHealth>('POST', `/channels/${seg(id)}/check`, { body: {} });
  enableChannel = (id: M.Id) => this.http.request<M.Channel>('POST', `/channels/${seg(id)}/enable`, { body: {} });
  disableChannel = (id: M.Id) => this.http.request<M.Channel>('POST', `/channels/${seg(id)}/disable`, { body: {} });
}
