/** The router: a table of paths, the history API, and nothing else. */
import type { Component } from 'svelte';

export interface Route { path: string; load: () => Promise<{ default: Component }>; isPublic?: boolean }
export interface Match { route: Route; params: Record<string, string> }

/** Values of `:name` parts when `pattern` matches the whole path, else null. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const [want, have] = [pattern.split('/'), path.split('/')];
  if (want.length !== have.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of want.entries()) {
    const value = have[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return null;
  }
  return params;
}

class Router {
  #url = $state.raw(new URL(location.href));
  #params = $state.raw<Record<string, string>>({});

  get path(): string {
    return this.#url.pathname.replace(/(.)\/$/, '$1');
  }
  get query(): URLSearchParams {
    return this.#url.searchParams;
  }
  get params(): Record<string, string> {
    return this.#params;
  }

  /** First route that matches the present path. */
  match(routes: readonly Route[]): Match | null {
    for (const route of routes) {
      const params = matchPath(route.path, this.path);
      if (params) return { route, params };
    }
    return null;
  }

  useParams(params: Record<string, string>): void {
    this.#params = params;
  }

  go(to: string, options: { replace?: boolean } = {}): void {
    const url = new URL(to, location.origin);
    if (url.href === location.href) return;
    history[options.replace ? 'replaceState' : 'pushState'](null, '', url);
    this.#url = url;
  }

  /** Sets or, with null, removes one query value and keeps the rest. */
  setQuery(name: string, value: string | null, options: { replace?: boolean } = {}): void {
    const url = new URL(location.href);
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
    this.go(url.href, options);
  }

  /** Follows plain clicks on own links and the back button. Returns what undoes it. */
  listen(): () => void {
    const click = (event: MouseEvent) => {
      const link = (event.target as Element | null)?.closest?.('a[href]');
      if (!(link instanceof HTMLAnchorElement) || !isPlain(event) || link.target !== '' || link.hasAttribute('download')) return;
      if (link.origin !== location.origin || link.getAttribute('href')?.startsWith('#')) return;
      event.preventDefault();
      this.go(link.href);
    };
    const back = () => (this.#url = new URL(location.href));
    document.addEventListener('click', click);
    addEventListener('popstate', back);
    return () => {
      document.removeEventListener('click', click);
      removeEventListener('popstate', back);
    };
  }
}

function isPlain(event: MouseEvent): boolean {
  return event.button === 0 && !event.defaultPrevented && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

export const router = new Router();
