/** The lines a customer's site needs to show the web chat. */
import type { Channel } from '@centralita/sdk';

/** Null for channels that are not web chats, or whose key is not known yet. */
export function widgetSnippet(channel: Channel, origin: string): string | null {
  const key = channel.config['widget_key'] ?? (channel as { widget_key?: unknown }).widget_key;
  if (channel.type !== 'web_chat' || typeof key !== 'string') return null;
  return `<script async src="${origin}/w/loader.js" data-key="${key}"></script>`;
}
