/** Every page of the console. The inbox is part of the first load; all else comes when it is asked for. */
import type { Route } from '$lib/router.svelte';
import Inbox from './routes/Inbox.svelte';

const inbox = () => Promise.resolve({ default: Inbox });

export const ROUTES: readonly Route[] = [
  { path: '/login', load: () => import('./routes/Login.svelte'), isPublic: true },
  { path: '/setup', load: () => import('./routes/Setup.svelte'), isPublic: true },
  { path: '/invitation', load: () => import('./routes/Invitation.svelte'), isPublic: true },
  { path: '/password', load: () => import('./routes/Invitation.svelte'), isPublic: true },
  { path: '/inbox', load: inbox },
  { path: '/inbox/offers', load: () => import('./routes/Offers.svelte') },
  { path: '/inbox/:list', load: inbox },
  { path: '/queue/:key', load: inbox },
  { path: '/view/:view', load: inbox },
  { path: '/c/:id', load: inbox },
  { path: '/live', load: () => import('./routes/Live.svelte') },
  { path: '/search', load: () => import('./routes/Search.svelte') },
  { path: '/people', load: () => import('./routes/People.svelte') },
  { path: '/people/:id', load: () => import('./routes/Person.svelte') },
  { path: '/settings', load: () => import('./routes/Settings.svelte') },
  { path: '/me', load: () => import('./routes/Me.svelte') },
  { path: '/admin/channels', load: () => import('./routes/admin/Channels.svelte') },
  { path: '/admin/queues', load: () => import('./routes/admin/Queues.svelte') },
  { path: '/admin/presence', load: () => import('./routes/admin/Presence.svelte') },
  { path: '/admin/routing', load: () => import('./routes/admin/Routing.svelte') },
  { path: '/admin/skills', load: () => import('./routes/admin/Skills.svelte') },
  { path: '/admin/hours', load: () => import('./routes/admin/Hours.svelte') },
  { path: '/admin/codes', load: () => import('./routes/admin/Codes.svelte') },
  { path: '/admin/words', load: () => import('./routes/admin/Words.svelte') },
  { path: '/admin/users', load: () => import('./routes/admin/Users.svelte') },
  { path: '/admin/teams', load: () => import('./routes/admin/Teams.svelte') },
  { path: '/admin/roles', load: () => import('./routes/admin/Roles.svelte') },
  { path: '/admin/organization', load: () => import('./routes/admin/Organization.svelte') },
  { path: '/admin/tokens', load: () => import('./routes/admin/Tokens.svelte') },
  { path: '/admin/audit', load: () => import('./routes/admin/Audit.svelte') },
  { path: '/admin/config', load: () => import('./routes/admin/Config.svelte') },
];
