/**
 * Where our types and those generated from `openapi.json` part, `npm run check` fails here and names the fields.
 *
 * `model.ts` is the readable form: closed enums, fields that are always there, events with their data. This file holds it
 * to the generated form, noun by noun: a field we read must exist there with a type that ours fits, and where it may be
 * null ours must allow it or be optional. In what we send, null is ours to leave out. A noun the server does not describe yet is not compared.
 */
import type { components } from './schema';
import type * as M from './model';

type Schemas = components['schemas'];

/** A value by its kind: what is inside an object or a list is compared where that noun is. */
type Kind<T> = T extends string | number | boolean | null ? T : T extends readonly unknown[] ? 'list' : 'object';
type Present<T> = Exclude<T, undefined>;

/** Ours may be narrower (closed words where the server says text) or wider (text where it names the words). */
type Fits<Ours, Theirs> = [Ours] extends [Theirs | null] ? true : [Theirs] extends [Ours | null] ? true : false;
type Differs<Ours, Theirs> =
  Fits<Kind<Present<Ours>>, Kind<Present<Theirs>>> extends true ? (null extends Theirs ? (null extends Ours ? false : undefined extends Ours ? false : true) : false) : true;

/** Names of the fields of a request that the server would refuse. */
type RequestDrift<Ours, Theirs> = {
  [K in keyof Ours]-?: K extends keyof Theirs ? (Fits<Kind<Present<Ours[K]>>, Kind<Present<Theirs[K]>>> extends true ? never : K) : K;
}[keyof Ours];
/** Names of the fields of `Ours` that `Theirs` does not have or has otherwise. */
type Drift<Ours, Theirs> = {
  [K in keyof Ours]-?: K extends keyof Theirs ? (Differs<Ours[K], Theirs[K]> extends false ? never : K) : K;
}[keyof Ours];

interface Contract {
  Actor: M.Actor; Agent: M.Agent; AgentLoad: M.AgentLoad; ApiToken: M.ApiToken; Assignment: M.Assignment; Attachment: M.Attachment; AuditRecord: M.AuditRecord;
  BulkPreview: M.BulkPreview; BusinessHours: M.BusinessHours; Channel: M.Channel; ChannelHealth: M.ChannelHealth; ChannelSummary: M.ChannelSummary; ChannelType: M.ChannelType; ComposerRoute: M.ComposerRoute;
  ConfigObject: M.ConfigChange; Conversation: M.Conversation; ConversationStatus: M.ConversationStatus; ConversationWork: M.ConversationWork; Count: M.Count; CustomField: M.CustomField; Customer: M.Customer;
  DeadLetter: M.DeadLetter; DeclineReason: M.DeclineReason; Delivery: M.Delivery; DeliveryError: M.DeliveryError; Draft: M.Draft; Entry: M.Entry; Explanation: M.Explanation; Grant: M.Grant; Identity: M.Identity;
  Job: M.Job; LastEntry: M.LastEntry; MailHeaders: M.MailHeaders; Merge: M.Merge; Money: M.Money; Notification: M.Notification; Offer: M.Offer; OfferCard: M.OfferCard;
  Organization: M.Organization; Page: M.Page; Presence: M.Presence; PresenceConfig: M.PresenceConfig; PresenceStatus: M.PresenceStatus; Queue: M.Queue; QueueMember: M.QueueMember; ReplyRoute: M.ReplyRoute;
  Role: M.Role; RoutingConfig: M.RoutingConfig; SearchGroup: M.SearchGroup; SearchHighlight: M.SearchHighlight; SearchItem: M.SearchItem; SecretState: M.SecretState; Session: M.Session; SessionRow: M.SessionRow;
  SetupStep: M.SetupStep; SlaSummary: M.SlaSummary; Snooze: M.Snooze; Spill: M.Spill; Tag: M.Tag; Team: M.Team; Undo: M.Undo; User: M.User; View: M.View; WorkItem: M.WorkItem; WrapUpCode: M.WrapUpCode;
}

interface Requests { ApiTokenInput: M.NewApiToken; DraftInput: Pick<M.Draft, 'body' | 'attachment_ids' | 'reply_route' | 'base_seq'>; NewMessage: M.NewMessage; SetupInput: M.SetupInput }

type Drifts = { [N in keyof Contract]: N extends keyof Schemas ? Drift<Contract[N], Schemas[N]> : never } & {
  [N in keyof Requests]: N extends keyof Schemas ? RequestDrift<Requests[N], Schemas[N]> : never;
};
type Holds<T extends { [N in keyof T]: never }> = T;

/** An error on this line lists, per noun, the fields that drifted. */
export type NoDrift = Holds<Drifts>;
