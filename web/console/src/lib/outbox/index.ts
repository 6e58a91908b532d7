import { connection } from '$lib/live/connection.svelte';
import { api } from '$lib/session/api';
import { Outbox } from './outbox.svelte';

/** The outbox of the signed-in person. */
export const outbox = new Outbox({ send: api.send, note: api.note }, () => connection.isLive, localStorage);
