/** Commands that make sense on every page. */
import { isTyping } from '$lib/commands/keyboard';
import { palette } from '$lib/commands/palette.svelte';
import type { Command } from '$lib/commands/registry.svelte';
import { i18n } from '$lib/i18n/locale.svelte';
import { presence } from '$lib/presence/presence.svelte';
import { router } from '$lib/router.svelte';
import { session } from '$lib/session/session.svelte';
import { settings } from '$lib/settings/settings.svelte';
import { toasts } from '$lib/ui/toasts.svelte';
import { m } from '$m';
import { adminLinks } from './links';

export function appCommands(): Command[] {
  return [...going(), ...mine(), ...app()];
}

function go(id: string, label: () => string, path: string, icon: string, keys?: string): Command {
  return { id: `go.${id}`, group: 'go', label, icon, ...(keys ? { keys: [keys] } : {}), run: () => router.go(path) };
}

function going(): Command[] {
  return [
    go('inbox', () => m.my_inbox(), '/inbox', 'inbox', 'g i'),
    go('offers', () => m.offers(), '/inbox/offers', 'bell', 'g o'),
    go('mentions', () => m.mentions(), '/inbox/mentions', 'at', 'g m'),
    go('snoozed', () => m.snoozed(), '/inbox/snoozed', 'clock', 'g s'),
    go('drafts', () => m.drafts(), '/inbox/drafts', 'pen'),
    go('following', () => m.following_list(), '/inbox/following', 'eye'),
    go('unassigned', () => m.unassigned(), '/inbox/unassigned', 'users'),
    go('all', () => m.all_conversations(), '/inbox/all', 'history', 'g a'),
    go('search', () => m.search(), '/search', 'search'),
    go('people', () => m.people(), '/people', 'users', 'g p'),
    ...(session.may('agents.operate') || session.may('live.read') ? [go('live', () => m.live_title(), '/live', 'activity', 'g l')] : []),
    go('settings', () => m.my_settings(), '/settings', 'user'),
    ...adminLinks().map((link) => go(link.href, () => `${m.settings()}: ${link.label}`, link.href, link.icon)),
  ];
}

function mine(): Command[] {
  return presence.choices.map((status) => ({
    id: `presence.${status.key}`, group: 'me' as const, icon: 'activity', label: () => m.cmd_be({ status: i18n.pick(status.name) }), run: () => void presence.choose(status),
  }));
}

function app(): Command[] {
  return [
    { id: 'app.palette', group: 'app', isHidden: true, label: () => m.search_or_run(), keys: ['mod+k'], run: () => (palette.isOpen = !palette.isOpen) },
    { id: 'app.undo', group: 'app', icon: 'undo', label: () => m.cmd_undo_last(), keys: ['mod+z'], when: () => toasts.action !== undefined && !isTyping(document.activeElement), run: () => toasts.action?.() },
    { id: 'app.sheet', group: 'app', icon: 'help', label: () => m.shortcuts(), keys: ['?'], run: () => (palette.isSheetOpen = true) },
    { id: 'app.theme', group: 'app', icon: 'eye', label: () => m.cmd_theme(), run: toggleTheme },
    { id: 'app.language', group: 'app', icon: 'lang', label: () => (i18n.locale === 'es' ? 'English' : 'Español'), run: () => i18n.choose(i18n.locale === 'es' ? 'en' : 'es') },
    { id: 'app.keys', group: 'app', icon: 'key', label: () => (settings.hasSingleKeys ? m.cmd_keys_off() : m.cmd_keys_on()), run: () => settings.set({ hasSingleKeys: !settings.hasSingleKeys }) },
    { id: 'app.sign_out', group: 'app', icon: 'off', label: () => m.sign_out(), run: () => void session.signOut() },
  ];
}

function toggleTheme(): void {
  const isDark = settings.theme === 'dark' || (settings.theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  settings.set({ theme: isDark ? 'light' : 'dark' });
}
