// A visitor without a browser: the widget's protocol.
import { randomUUID } from 'node:crypto';
import { Api } from './api.mjs';
import { Socket } from './socket.mjs';

export class Visitor {
  constructor(origin, widgetKey) {
    this.widgetKey = widgetKey;
    this.api = new Api(origin, { isPage: true });
    this.base = `/widget/${widgetKey}`;
  }

  /** Opens or resumes a session; `identityToken` is a signed JWT of the host page. */
  async session({ identityToken, language = 'es', prechat } = {}) {
    const body = { language, ...(prechat ? { prechat } : {}), ...(identityToken ? { identity_token: identityToken } : {}) };
    if (this.api.bearer) body.visitor_token = this.api.bearer;
    const session = await new Api(this.api.origin).post(`${this.base}/sessions`, body);
    this.api.bearer = session.visitor_token;
    this.visitor = session.visitor;
    return session;
  }

  /** Sends a message; a repeat with the same `clientMessageId` is the same message. */
  async send(text, { clientMessageId = randomUUID(), conversationId } = {}) {
    const body = { client_message_id: clientMessageId, text };
    if (conversationId ?? this.conversationId) body.conversation_id = conversationId ?? this.conversationId;
    const { body: sent, status } = await this.api.call('POST', `${this.base}/messages`, body);
    this.conversationId ??= sent.conversation.id;
    return { ...sent, status, clientMessageId };
  }

  socket(options) {
    return Socket.visitor(this.api.origin, this.widgetKey, this.api.bearer, options);
  }

  messages(conversationId = this.conversationId) {
    return this.api.get(`${this.base}/conversations/${conversationId}/messages?limit=50`);
  }
}
