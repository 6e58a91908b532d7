/** Every page of the console. The inbox is part of the first load; all else comes when it is asked for. */
import type { Route } from '$lib/router.svelte';
import Inbox from './routes/Inbox.svelte';

const inbox = () => Promise.resolve({ default: Inbox });

export const ROUTES: readonly Route[] = [
  { path: '/login', load: () => import('./routes/Login.svelte'), isPublic: true },
  { path: '/setup', load: () => import('./routes/Setup.svelte'), isPublic: true },
  { path: '/inbox', load: inbox },
  { path: '/inbox/offers', load: () => import('./routes/Offers.svelte') },
  { path: '/inbox/:list', load: inbox },
  { path: '/queue/:key', load: inbox },
  { path: '/view/:view', load: inbox },
  { path: '/c/:id', load: inbox },
  { path: '/search', load: () => import('./routes/Search.svelte') },
  { path: '/people', load: () => import('./routes/People.svelte') },
  { path: '/people/:id', load: () => import('./routes/Person.svelte') },
  { path: '/settings', load: () => import('./routes/Settings.svelte') },
  { path: '/me', load: () => import('./routes/Me.svelte') },
  { path: '/admin/channels', load: () => import('./routes/admin/Channels.svelte') },
  { path: '/admin/queues', load: () => import('./routes/admin/Queues.svelte') },
  { path: '/admin/presence', load: () => import('./routes/admin/Presence.svelte') },
  { path: '/admin/users', load: () => import('./routes/admin/Users.svelte') },
  { path: '/admin/teams', load: () => import('./routes/admin/Teams.svelte') },
];
