/** What a channel form holds: name, queue, and the configuration its type asks for. */
import type { Channel, ChannelType } from '@centralita/sdk';
import { api } from '$lib/session/api';
import { fromText, schemaFields, toText } from './schema';
import type { SchemaField } from './schema';

export class ChannelFormModel {
  name = $state('');
  queueId = $state('');
  values = $state<Record<string, string>>({});
  fields = $state.raw<readonly SchemaField[]>([]);
  error = $state.raw<unknown>(null);
  isBusy = $state(false);

  constructor(channel: Channel | null) {
    this.name = channel?.name ?? '';
    this.queueId = channel?.queue_id ?? '';
    this.#config = channel?.config ?? {};
  }
  readonly #config: Record<string, unknown>;

  useType(type: ChannelType): void {
    this.fields = schemaFields(type.config_schema);
    for (const field of this.fields) {
      if (!field.isSecret) this.values[field.name] = toText(this.#config[field.name] ?? field.fallback ?? (field.kind === 'choice' ? field.choices[0] : null));
    }
  }

  async loadType(kind: string): Promise<void> {
    try {
      this.useType(await api.one<ChannelType>('channel-types', kind));
    } catch (error) {
      this.error = error;
    }
  }

  /** The configuration to send; empty optional fields are left out. */
  config(): Record<string, unknown> {
    const pairs = this.fields.filter((field) => !field.isSecret).map((field) => [field.name, fromText(field, this.values[field.name] ?? '')] as const);
    return Object.fromEntries(pairs.filter(([, value]) => value !== null));
  }

  /** Secrets that were typed now. */
  secrets(): Record<string, string> {
    const pairs = this.fields.filter((field) => field.isSecret).map((field) => [field.name, this.values[field.name] ?? ''] as const);
    return Object.fromEntries(pairs.filter(([, value]) => value !== ''));
  }

  /** Sends typed secrets and forgets them here. */
  async saveSecrets(channelId: string): Promise<void> {
    const secrets = this.secrets();
    if (Object.keys(secrets).length === 0) return;
    await api.setSecrets(channelId, secrets);
    for (const name of Object.keys(secrets)) this.values[name] = '';
  }
}
