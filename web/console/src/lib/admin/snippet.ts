/** The lines a customer's site needs to show the web chat. */
import type { Channel } from '@centralita/sdk';
import { live } from '$lib/live/store.svelte';

/** Null for channels that are not web chats, or whose public key is not known. */
export async function widgetSnippet(channel: Channel, origin: string): Promise<string | null> {
  if (channel.type !== 'web_chat') return null;
  const key = keyIn(channel) ?? (isOnlyChat() ? await demonstratedKey() : null);
  return key && `<script async src="${origin}/w/loader.js" data-key="${key}"></script>`;
}

/** Whether the demonstration page carries this very chat, so that a message from there arrives by it. */
export async function isDemonstrated(channel: Channel): Promise<boolean> {
  const key = keyIn(channel);
  return key === null ? isOnlyChat() : (await demonstratedKey()) === key;
}

function keyIn(channel: Channel): string | null {
  const key = (channel as { widget_key?: unknown }).widget_key ?? channel.config['widget_key'];
  return typeof key === 'string' ? key : null;
}

const isOnlyChat = (): boolean => [...live.tables.channels.values()].filter((one) => one.kind === 'web_chat').length === 1;

/** The key that the demonstration page carries: that of the first web chat, which is ours when there is one only. */
async function demonstratedKey(): Promise<string | null> {
  try {
    const page = await (await fetch('/demo')).text();
    return /data-key="([\w-]+)"/.exec(page)?.[1] ?? null;
  } catch {
    return null;
  }
}
