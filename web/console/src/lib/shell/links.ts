/** The pages of the settings that this person can use; a hidden one is never a dead link. */
import { session } from '$lib/session/session.svelte';
import { m } from '$m';

export interface Link { href: string; icon: string; label: string }
export interface LinkGroup { name: string; links: readonly Link[] }

export function adminGroups(): LinkGroup[] {
  const groups: { name: string; links: (Link & { permission: string })[] }[] = [
    { name: m.attention(), links: [
      { href: '/admin/channels', icon: 'chat', label: m.channels(), permission: 'channels.edit' },
      { href: '/admin/queues', icon: 'route', label: m.queues(), permission: 'routing.edit' },
      { href: '/admin/routing', icon: 'swap', label: m.routing(), permission: 'routing.edit' },
      { href: '/admin/skills', icon: 'star', label: m.skills(), permission: 'skills.edit' },
      { href: '/admin/presence', icon: 'activity', label: m.presence(), permission: 'routing.edit' },
      { href: '/admin/hours', icon: 'clock', label: m.hours(), permission: 'routing.edit' },
    ] },
    { name: m.content(), links: [
      { href: '/admin/codes', icon: 'tag', label: m.codes(), permission: 'routing.edit' },
      { href: '/admin/words', icon: 'form', label: m.words(), permission: 'organization.edit' },
    ] },
    { name: m.space(), links: [
      { href: '/admin/users', icon: 'users', label: m.users(), permission: 'users.edit' },
      { href: '/admin/teams', icon: 'users', label: m.teams(), permission: 'users.edit' },
      { href: '/admin/roles', icon: 'shield', label: m.roles(), permission: 'users.edit' },
      { href: '/admin/organization', icon: 'sliders', label: m.organization_name(), permission: 'organization.edit' },
      { href: '/admin/tokens', icon: 'key', label: m.tokens(), permission: 'api_tokens.manage' },
      { href: '/admin/config', icon: 'code', label: m.config_title(), permission: 'routing.edit' },
      { href: '/admin/audit', icon: 'history', label: m.audit(), permission: 'audit.read' },
    ] },
  ];
  return groups.map((group) => ({ name: group.name, links: group.links.filter((link) => session.may(link.permission)) })).filter((group) => group.links.length > 0);
}

export const adminLinks = (): Link[] => adminGroups().flatMap((group) => group.links);

export const isAdminPath = (path: string): boolean => path.startsWith('/admin/');

/** Whether the page is one this person may use; pages outside the settings decide by themselves. */
export function mayVisit(path: string): boolean {
  if (path === '/live') return session.may('agents.operate') || session.may('live.read');
  return !isAdminPath(path) || adminLinks().some((link) => link.href === path);
}
