/** The normalised state of the console: one table per noun, rows replaced whole, never changed in place. */
import type {
  Agent, Assignment, Channel, ChannelSummary, Conversation, Customer, Draft, Entry, Id, Offer, Presence, PresenceStatus,
  Queue, WorkItem,
} from '@centralita/sdk';

/** The part of a conversation's timeline that is loaded, oldest first. */
export interface EntryWindow {
  readonly entries: readonly Entry[];
  readonly hasOlder: boolean;
  /** True when an entry between the window and the newest one is missing: it must be fetched again. */
  readonly isStale: boolean;
}

export interface Rows {
  conversations: Conversation;
  /** By conversation id. */
  entries: EntryWindow;
  customers: Customer;
  offers: Offer;
  work: WorkItem;
  /** By work item id: the assignment that is not ended. */
  assignments: Assignment;
  /** By {@link draftKey}. */
  drafts: Draft;
  queues: Queue;
  statuses: PresenceStatus;
  channels: ChannelSummary;
  agents: Agent;
  /** One row, under the key `me`. */
  presence: Presence;
}
export type TableName = keyof Rows;
export type Tables = { readonly [T in TableName]: ReadonlyMap<string, Rows[T]> };
/** A row to put, or to take away when it is null. */
export type Change = { [T in TableName]: { table: T; id: string; row: Rows[T] | null } }[TableName];

export const EMPTY_WINDOW: EntryWindow = { entries: [], hasOlder: true, isStale: true };

export function draftKey(conversationId: Id, mode: string): string {
  return `${conversationId}:${mode}`;
}

/** What everybody may know of a channel, from its full record. */
export function summarize(channel: Channel): ChannelSummary {
  return { id: channel.id, name: channel.name, kind: channel.type, health: channel.health };
}

/** Fresh tables without rows; `make` chooses the map, so that tests need no framework. */
export function emptyTables<M>(make: () => M): { [T in TableName]: M } {
  return {
    conversations: make(), entries: make(), customers: make(), offers: make(), work: make(), assignments: make(),
    drafts: make(), queues: make(), statuses: make(), channels: make(), agents: make(), presence: make(),
  };
}
