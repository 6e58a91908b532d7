/**
 * Wire types of the visitor protocol (`/api/v1/widget/{widget_key}` and its socket `centralita.visitor.v1`).
 *
 * Only what the widget reads is declared. Unknown fields, enum values and event types are ignored, as the
 * protocol's versioning rule demands.
 */

/** A text in several languages, by BCP 47 tag. */
export type Localised = Readonly<Record<string, string | undefined>>;

export interface PrechatField {
  readonly key: string;
  readonly type: 'text' | 'email' | 'phone' | 'choice';
  readonly label: Localised;
  readonly is_required: boolean;
  readonly options?: readonly { readonly value: string; readonly label: Localised }[];
}

export interface Hours {
  readonly is_open: boolean;
  readonly reopens_at?: string | null;
  readonly closes_at?: string | null;
}

export interface Config {
  readonly brand: { readonly name: string; readonly color?: string | null; readonly logo_url?: string | null };
  readonly texts: Readonly<Record<string, { readonly greeting?: string | null; readonly outside_hours?: string | null } | undefined>>;
  readonly prechat?: { readonly fields: readonly PrechatField[] } | null;
  readonly hours: Hours;
  readonly consent_notice?: Localised | null;
  readonly features: {
    readonly upload?: boolean;
    readonly search?: boolean;
    readonly transcript?: boolean;
    readonly proactive?: boolean;
  };
  readonly limits: {
    readonly max_attachment_bytes?: number;
    readonly attachment_types?: readonly string[];
    readonly max_text_chars?: number;
  };
}

export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly media_type: string;
  readonly size_bytes: number;
}

export type AuthorKind = 'me' | 'agent' | 'bot' | 'system';

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A rich part of a message. Only `choices` is drawn; `text` says the rest in words. */
export interface Block {
  readonly type: string;
  readonly options?: readonly Choice[];
}

export interface Message {
  readonly id: string;
  /** Position within the conversation, rising. */
  readonly seq: number;
  readonly conversation_id: string;
  readonly author: { readonly kind: AuthorKind; readonly name?: string | null };
  readonly text: string;
  readonly blocks?: readonly Block[];
  readonly attachments?: readonly Attachment[];
  readonly created_at: string;
  /** Own messages: `received` or `read` by an agent. */
  readonly state?: string | null;
  /** Set on the visitor's own messages: joins the stored message with its outbox item. */
  readonly client_message_id?: string | null;
}

export interface Queue {
  /** Only where the queue has one class of work; else `wait_band` and the estimate speak alone. */
  readonly position?: number | null;
  readonly wait_band?: string | null;
  readonly estimated_wait_ms?: number | null;
}

export interface Conversation {
  readonly id: string;
  readonly state: string;
  readonly subject?: string | null;
  readonly unread_count: number;
  readonly last_message?: Message | null;
  /** Who is answering now; `null` while nobody has taken it. */
  readonly agent?: { readonly display_name: string } | null;
  readonly queue?: Queue | null;
}

export interface Page {
  readonly url: string;
  readonly title: string;
  readonly referrer?: string;
}

export interface Session {
  readonly visitor_token: string;
  readonly visitor: { readonly id: string; readonly is_identified: boolean; readonly display_name?: string | null };
  readonly conversations: readonly Conversation[];
  readonly stream_url?: string | null;
  readonly cursor?: string | null;
  readonly was_reset?: boolean;
}

export interface Posted {
  readonly message: Message;
  readonly conversation: Conversation;
  readonly queue?: Queue | null;
}

export interface List<T> {
  readonly items: readonly T[];
  /** `prev`: cursor of the older page, passed back as `before`. */
  readonly page: { readonly prev?: string | null; readonly has_more?: boolean };
}

/** Durable events of the socket. Unknown types are skipped by the reader. */
export type VisitorEvent =
  | { readonly type: 'message.created' | 'message.updated'; readonly data: { readonly message: Message } }
  | { readonly type: 'message.deleted'; readonly data: { readonly message_id: string; readonly conversation_id: string } }
  | { readonly type: 'message.state'; readonly data: { readonly message_id: string; readonly conversation_id: string; readonly state: string } }
  | {
      readonly type: 'conversation.opened' | 'conversation.closed' | 'conversation.reopened';
      readonly data: { readonly conversation: Conversation };
    }
  | { readonly type: 'agent.joined' | 'agent.left'; readonly data: { readonly conversation_id: string; readonly display_name: string } }
  | { readonly type: 'queue.position'; readonly data: Queue & { readonly conversation_id: string } }
  | { readonly type: 'hours.changed'; readonly data: { readonly hours: Hours } };

export interface TypingSignal {
  readonly conversation_id: string;
  readonly is_on: boolean;
  readonly actor?: { readonly name?: string | null } | null;
}

/** What the server sends over the socket. */
export type Frame =
  | { readonly op: 'hello'; readonly cursor?: string; readonly heartbeat_ms?: number }
  | { readonly op: 'event'; readonly n: number; readonly cursor: string; readonly event: VisitorEvent }
  | { readonly op: 'mark'; readonly cursor: string }
  | { readonly op: 'signal'; readonly type: string; readonly data: TypingSignal }
  | { readonly op: 'ping' }
  | { readonly op: 'resync'; readonly cursor?: string }
  | { readonly op: 'error'; readonly code: string };
