/** Who is signed in, and the start of everything that needs it. */
import { ApiError } from '@centralita/sdk';
import type { Agent, Bootstrap, Grant, Organization, User, View } from '@centralita/sdk';
import { i18n } from '$lib/i18n/locale.svelte';
import { connection } from '$lib/live/connection.svelte';
import { signals } from '$lib/live/signals.svelte';
import { live } from '$lib/live/store.svelte';
import { notifications } from '$lib/notifications/notifications.svelte';
import { api, client, onSignedOut } from './api';

export type SessionState = 'starting' | 'signed_out' | 'ready' | 'failed';

class SessionModel {
  state = $state<SessionState>('starting');
  error = $state.raw<unknown>(null);
  user = $state.raw<User | null>(null);
  agent = $state.raw<Agent | null>(null);
  organization = $state.raw<Organization | null>(null);
  grants = $state.raw<readonly Grant[]>([]);
  views = $state.raw<readonly View[]>([]);
  features = $state.raw<Record<string, boolean>>({});

  constructor() {
    onSignedOut(() => this.forget());
  }

  /** Loads the console's state; afterwards `state` is ready, signed_out or failed. */
  async start(): Promise<void> {
    try {
      this.#take(await api.bootstrap());
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return this.forget();
      this.error = error;
      this.state = 'failed';
    }
  }

  /** True when a grant of any scope names the permission. */
  may(permission: string): boolean {
    return this.grants.some((grant) => grant.permission === permission);
  }

  get me(): { userId: string; agentId: string | null } {
    return { userId: this.user?.id ?? '', agentId: this.agent?.id ?? null };
  }

  async signOut(): Promise<void> {
    await api.signOut();
    this.forget();
  }

  /** Drops everything of this person from memory. */
  forget(): void {
    connection.stop();
    signals.clear();
    live.clear();
    notifications.clear();
    client.useCsrf(null);
    this.user = null;
    this.agent = null;
    this.grants = [];
    this.state = 'signed_out';
  }

  #take(start: Bootstrap): void {
    client.useCsrf(start.session.csrf_token);
    this.user = start.session.user;
    this.organization = start.session.organization;
    this.grants = start.session.grants;
    this.agent = start.agent ?? start.session.agent;
    this.views = start.views;
    this.features = start.features;
    i18n.suggest(this.user.language);
    live.seed(start);
    this.state = 'ready';
    connection.start(start.cursor, this.agent !== null);
  }
}

export const session = new SessionModel();
