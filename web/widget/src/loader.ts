/**
 * The snippet on the host page: keeps calls made before the widget is there, then loads it when the page is idle.
 *
 * Written for size (≤ 0.5 KB gzip). Calls made even before this script can be queued by the page itself:
 * `(window.Centralita ||= []).push(['open'])`.
 */
interface Policy {
  createScriptURL(url: string): string;
}

const script = document.currentScript as HTMLScriptElement;
const host = window as unknown as { Centralita?: unknown };

const earlier = host.Centralita;
if (!earlier || Array.isArray(earlier)) {
  const queue = (earlier || []) as unknown[][];
  const stub: Record<string, unknown> = { q: queue, push: (call: unknown[]) => queue.push(call) };
  for (const name of ['open', 'close', 'identify', 'signOut', 'page', 'hide', 'show', 'on']) {
    stub[name] = (...args: unknown[]) => queue.push([name, ...args]);
  }
  host.Centralita = stub;

  const load = (): void => {
    const tag: HTMLScriptElement & { policy?: Policy | undefined } = document.createElement('script');
    const url = new URL('widget.js', script.src).href;
    const types = (window as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } }).trustedTypes;
    tag.policy = types?.createPolicy('centralita', { createScriptURL: (u) => u });
    tag.src = tag.policy ? tag.policy.createScriptURL(url) : url;
    Object.assign(tag.dataset, script.dataset);
    document.head.append(tag);
  };
  (window.requestIdleCallback || setTimeout)(load);
}
