/** Entry: reads the script tag, starts the client and the panel, and offers `window.Centralita` to the host page. */
import { Client, type HostEvent } from './client.ts';
import type { PanelScript } from './panel.ts';
import { pickLocale } from './text.ts';
import type { Theme } from './tokens.ts';
import { Launcher, type CreatePanel } from './ui/launcher.ts';

type Listener = (detail: unknown) => void;

/** What the host page calls. Calls made before the widget was loaded are carried out in their order. */
interface HostApi {
  open(): void;
  close(): void;
  /** Tells who the visitor is, by a JWT that the site has signed for this widget. */
  identify(jwt: string): void;
  signOut(): void;
  page(): void;
  hide(): void;
  show(): void;
  /** Calls `listener` at each event; returns a function that stops it. */
  on(event: HostEvent, listener: Listener): () => void;
  push(call: readonly [keyof HostApi, ...unknown[]]): void;
}

const THEMES: readonly string[] = ['light', 'dark'];

interface Policy {
  createScriptURL(url: string): string;
}

/** The loader hands on its Trusted Types policy with the script tag; in a frame there is no loader. */
interface WidgetScript extends HTMLScriptElement {
  policy?: Policy;
}

function start(script: WidgetScript): void {
  const { key, lang, theme, position, frame } = script.dataset;
  if (!key) return;
  const isFrame = frame !== undefined;
  const { language, locale } = pickLocale([lang, document.documentElement.lang, ...navigator.languages]);
  const client = new Client({ origin: new URL(script.src).origin, key, locale });
  const launcher = new Launcher({
    client,
    language,
    locale,
    theme: (theme && THEMES.includes(theme) ? theme : 'auto') as Theme,
    isFrame,
    isLeft: position === 'left',
    loadPanel: () => loadPanel(script),
  });
  offer(client, launcher);
  if (isFrame) client.open();
  void client.start();
}

function loadPanel(script: WidgetScript): Promise<CreatePanel> {
  const { trustedTypes: types } = window as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } };
  const policy = (script.policy ??= types?.createPolicy('centralita', { createScriptURL: (url) => url }) as Policy);
  return new Promise((resolve, reject) => {
    const tag: PanelScript = document.createElement('script');
    const url = new URL('panel.js', script.src).href;
    tag.src = policy ? policy.createScriptURL(url) : url;
    tag.onload = () => (tag.createPanel ? resolve(tag.createPanel) : reject());
    tag.onerror = reject;
    document.head.append(tag);
  });
}

function offer(client: Client, launcher: Launcher): void {
  const listeners = new Map<HostEvent, Set<Listener>>();
  client.onEmit = (event, detail) => {
    if (event === 'message') launcher.announce((detail as { conversation_id: string }).conversation_id);
    listeners.get(event)?.forEach((listener) => listener(detail));
  };
  const api: HostApi = {
    open: () => client.open(),
    close: () => client.close(),
    identify: (jwt) => void client.identify(jwt),
    signOut: () => void client.signOut(),
    page: () => client.page(),
    hide: () => client.setHidden(true),
    show: () => client.setHidden(false),
    on: (event, listener) => {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener));
      return () => set.delete(listener);
    },
    push: ([name, ...args]) => void (api[name] as (...args: unknown[]) => unknown)?.(...args),
  };
  const host = window as unknown as { Centralita?: { q?: HostApi['push'] extends (call: infer C) => void ? C[] : never } };
  const waiting = host.Centralita?.q ?? [];
  host.Centralita = api as unknown as typeof host.Centralita & object;
  waiting.forEach(api.push);
}

const script = document.currentScript as WidgetScript | null;
if (script) {
  if (document.body) start(script);
  else addEventListener('DOMContentLoaded', () => start(script), { once: true });
}
