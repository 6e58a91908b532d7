/**
 * The snippet on the host page: keeps calls made before the widget is there, then loads it when the page is idle.
 *
 * Calls made even before this script can be queued by the page itself: `(window.Centralita ||= []).push(['open'])`.
 */
import type { HostCall, HostPage } from './wire.ts';

interface Policy {
  createScriptURL(url: string): string;
}

const script = document.currentScript as HTMLScriptElement;
const page = window as HostPage & { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } };

/** The list itself, and every method as a call to be made later. */
const later = { get: (list: HostCall[], name: never): unknown => list[name] ?? ((...args: unknown[]) => list.push([name, ...args])) };
page.Centralita = new Proxy((page.Centralita ?? []) as HostCall[], later);

(window.requestIdleCallback || setTimeout)(() => {
  const tag = document.createElement('script');
  const url = new URL('widget.js', script.src).href;
  const policy = page.trustedTypes?.createPolicy('centralita', { createScriptURL: (trusted) => trusted });
  tag.src = policy?.createScriptURL(url) ?? url;
  Object.assign(tag.dataset, script.dataset);
  document.head.append(tag);
});
