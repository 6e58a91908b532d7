/**
 * Every name that leaves the script: over the wire (`/api/v1/widget/{widget_key}` and its socket
 * `centralita.visitor.v1`), into the device's storage, and to the host page.
 *
 * Only what the widget reads or writes is declared. Unknown fields, enum values and event types are ignored, as the
 * protocol's versioning rule demands. The build shortens the names of all other properties of ours, so a name that
 * somebody else knows must stand here.
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
  readonly features: { readonly upload?: boolean; readonly transcript?: boolean; readonly rating?: boolean };
  readonly limits: {
    readonly max_attachment_bytes?: number;
    readonly attachment_types?: readonly string[];
    readonly max_text_chars?: number;
  };
}

export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly size_bytes: number;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** Marked-up words, or an element: its tag, its address (of a link, else 0), and what stands in it. */
export type Rich = string | 0 | readonly Rich[];

/** A rich part of a message. Only `choices` and `rich` are drawn; `text` says the rest in words. */
export interface Block {
  readonly type: string;
  /** Of `choices`. */
  readonly options?: readonly Choice[];
  /** Of `rich`, which comes first: the text of the message with its marks. */
  readonly nodes?: readonly Rich[];
}

export interface Message {
  readonly id: string;
  /** Position within the conversation, rising. */
  readonly seq: number;
  readonly conversation_id: string;
  readonly author: { readonly kind: 'me' | 'agent' | 'bot' | 'system'; readonly name?: string | null };
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
  /** Only where the queue has one class of work; else `wait_band` speaks alone. */
  readonly position?: number | null;
  readonly wait_band?: string | null;
}

export interface Conversation {
  readonly id: string;
  readonly state: string;
  readonly subject?: string | null;
  readonly unread_count: number;
  readonly last_message?: Message | null | undefined;
  /** Who is answering now; `null` while nobody has taken it. */
  readonly agent?: { readonly display_name: string } | null;
  readonly queue?: Queue | null | undefined;
  /** Stars the visitor has given. */
  readonly rating?: number | null | undefined;
}

export interface Session {
  readonly visitor_token: string;
  readonly visitor: { readonly id: string; readonly display_name?: string | null };
  readonly conversations: readonly Conversation[];
  readonly stream_url: string;
  readonly cursor: string;
}

export interface Posted {
  readonly message: Message;
  readonly conversation: Conversation;
}

export interface List<T> {
  readonly items: readonly T[];
  /** `prev`: cursor of the older page, passed back as `before`. */
  readonly page: { readonly prev?: string | null; readonly has_more?: boolean };
}

/** A refusal (RFC 9457 problem); `status` 0 is a network that did not carry the call. */
export interface Problem {
  readonly status: number;
  readonly code?: string;
  readonly retry_after_ms?: number;
  readonly max_bytes?: number;
}

/** What the widget asks: the bodies of its calls, in one. */
export interface Body {
  readonly language?: string;
  readonly page?: VisitedPage;
  readonly visitor_token?: string | undefined;
  readonly identity_token?: string | undefined;
  readonly prechat?: Readonly<Record<string, string>> | undefined;
  readonly client_message_id?: string;
  readonly conversation_id?: string | undefined;
  readonly sent_at?: Date;
  readonly text?: string | undefined;
  readonly choice?: Item['choice'];
  readonly attachment_ids?: readonly string[] | undefined;
  readonly email?: string;
  readonly stars?: number;
  readonly seq?: number;
  readonly events?: readonly { readonly type: 'page'; readonly url: string; readonly title: string }[];
}

export interface VisitedPage {
  readonly url: string;
  readonly title: string;
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
  | { readonly type: 'agent.joined' | 'agent.left'; readonly timestamp: string; readonly data: { readonly conversation_id: string; readonly display_name: string } }
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

/** What the widget sends over the socket. */
export type Said =
  | { readonly op: 'start'; readonly token: string; readonly after: string | undefined }
  | { readonly op: 'signal'; readonly type: 'typing'; readonly conversation_id: string; readonly data: { readonly is_on: true } }
  | { readonly op: 'pong' };

/** A message that waits, as it is kept on the device. */
export interface Item {
  readonly id: string;
  /** When the visitor pressed send, ms since 1970; strictly rising, so it is the order as well. */
  readonly at: number;
  /** A conversation of the server, or a local one. */
  readonly conversation: string;
  readonly text: string;
  /** Its file; `id` is set once the bytes are on the server. An item without it cannot survive a reload. */
  readonly upload?: { readonly name: string; readonly size_bytes: number; readonly id?: string } | undefined;
  /** Answer to the buttons of a message. */
  readonly choice?: { readonly entry_id: string; readonly value: string };
  /** Why the server refused it for good; the visitor decides what becomes of it. */
  readonly refusal?: Problem | undefined;
}

/** What is kept on the device of the visitor. */
export interface Saved {
  readonly token?: string | undefined;
  readonly visitor: string;
  readonly prechat?: Readonly<Record<string, string>> | undefined;
}

/** The attributes of the script tag. */
export interface Tag {
  readonly key?: string;
  readonly lang?: string;
  readonly theme?: string;
  readonly position?: string;
  readonly frame?: string;
}

/** What the host page can listen to. */
export type HostEvent = 'ready' | 'open' | 'close' | 'message' | 'unread' | 'identity_error';
export type Listener = (detail: unknown) => void;
export type HostCall = readonly [name: keyof HostApi, ...args: unknown[]];

/** What the host page calls, as `Centralita`. Calls made before the widget was loaded are carried out in their order. */
export interface HostApi {
  open(): void;
  close(): void;
  /** Tells who the visitor is, by a JWT that the site has signed for this widget. */
  identify(jwt: string): void;
  signOut(): void;
  /** Reports a page view. */
  page(): void;
  hide(): void;
  show(): void;
  /** Calls `listener` at each event; returns a function that stops it. */
  on(event: HostEvent, listener: Listener): () => void;
  push(call: HostCall): void;
}

export interface HostPage {
  Centralita?: HostApi | HostCall[];
}

/** Detail of the host event `message`. */
export interface MessageDetail {
  readonly conversation_id: string;
  readonly author_kind: string;
}
