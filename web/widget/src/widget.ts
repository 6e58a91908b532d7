/** Entry: reads the script tag, starts the client, and offers `window.Centralita` to the host page. */
import * as client from './client.ts';
import { chooseLocale } from './speech.ts';
import { announce, redraw, wear } from './ui/view.ts';
import type { HostApi, HostEvent, HostPage, Listener, Tag } from './wire.ts';

const listeners = new Set<readonly [HostEvent, Listener]>();

const api: HostApi = {
  open: () => client.toggle(true),
  close: () => client.toggle(false),
  identify: client.identify,
  signOut: client.signOut,
  page: client.page,
  hide: () => client.hide(true),
  show: () => client.hide(false),
  on: (event, listener) => {
    const entry = [event, listener] as const;
    listeners.add(entry);
    return () => listeners.delete(entry);
  },
  push: ([name, ...args]) => (api[name] as (...args: unknown[]) => unknown)?.(...args),
};

function begin({ src, dataset }: HTMLScriptElement): void {
  const { key, lang, theme, position, frame } = dataset as Tag;
  const page = window as HostPage;
  const waiting = page.Centralita;
  const isFrame = frame !== undefined;
  if (!key || !Array.isArray(waiting)) return; // No list of calls: another snippet of the page was first.
  chooseLocale([lang, document.documentElement.lang, ...navigator.languages]);
  wear((isFrame ? ' frame' : '') + (position === 'left' ? ' left' : ''), /^(light|dark)$/.test(theme!) ? theme! : 'light dark');
  page.Centralita = api;
  client.start({
    origin: new URL(src).origin,
    key,
    onChange: redraw,
    onMessage: announce,
    onEmit: (event, detail) => listeners.forEach(([name, listener]) => name === event && listener(detail)),
  });
  waiting.forEach(api.push);
  if (isFrame) client.toggle(true);
}

begin(document.currentScript as HTMLScriptElement);
