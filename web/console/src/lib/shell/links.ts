/** The pages of the settings that this person can use; a hidden one is never a dead link. */
import { session } from '$lib/session/session.svelte';
import { m } from '$m';

export interface Link { href: string; icon: string; label: string }

export function adminLinks(): Link[] {
  const all: (Link & { permission: string })[] = [
    { href: '/admin/channels', icon: 'chat', label: m.channels(), permission: 'channels.edit' },
    { href: '/admin/queues', icon: 'route', label: m.queues(), permission: 'routing.edit' },
    { href: '/admin/presence', icon: 'activity', label: m.presence(), permission: 'routing.edit' },
    { href: '/admin/users', icon: 'users', label: m.users(), permission: 'users.edit' },
    { href: '/admin/teams', icon: 'users', label: m.teams(), permission: 'users.edit' },
  ];
  return all.filter((link) => session.may(link.permission));
}

export const isAdminPath = (path: string): boolean => path.startsWith('/admin/');
