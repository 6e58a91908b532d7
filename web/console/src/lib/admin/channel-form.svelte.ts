/** What the form of a channel holds: name, queue, and the configuration its type asks for. */
import type { Channel, ChannelType } from '@centralita/sdk';
import { api } from '$lib/session/api';
import { fromText, schemaFields, stepsOf, toText, valueAt, withValue } from './schema';
import type { Config, SchemaField } from './schema';

export class ChannelFormModel {
  name = $state('');
  queueId = $state('');
  config = $state.raw<Config>({});
  /** Secrets typed now, by name; they are never shown again. */
  secrets = $state.raw<Record<string, string>>({});
  fields = $state.raw<readonly SchemaField[]>([]);
  error = $state.raw<unknown>(null);

  constructor(channel: Channel | null) {
    this.name = channel?.name ?? '';
    this.queueId = channel?.queue_id ?? '';
    this.config = { ...channel?.config };
  }

  get steps(): readonly string[] {
    return stepsOf(this.fields);
  }
  fieldsOf(step: string): readonly SchemaField[] {
    return this.fields.filter((field) => field.step === step);
  }

  /** Defaults are shown, not sent: the server has them too. */
  useType(type: ChannelType): void {
    this.fields = schemaFields(type.config_schema);
  }

  async loadType(kind: string): Promise<void> {
    try {
      this.useType(await api.one<ChannelType>('channel-types', kind));
    } catch (error) {
      this.error = error;
    }
  }

  text(field: SchemaField): string {
    return field.isSecret ? (this.secrets[field.name] ?? '') : toText(valueAt(this.config, field.path) ?? field.fallback);
  }
  type(field: SchemaField, text: string): void {
    if (field.isSecret) this.secrets = { ...this.secrets, [field.name]: text };
    else this.#set(field.path, fromText(field, text));
  }
  /** Sets one value of the configuration, for forms that know a type by heart. */
  put(path: readonly string[], value: unknown): void {
    this.#set(path, value);
  }

  /** Sends typed secrets and forgets them here; the channel as it is afterwards, or null when none was typed. */
  async saveSecrets(channelId: string): Promise<Channel | null> {
    const typed = Object.fromEntries(Object.entries(this.secrets).filter(([, value]) => value !== ''));
    if (Object.keys(typed).length === 0) return null;
    await api.setSecrets(channelId, typed);
    this.secrets = {};
    return api.one<Channel>('channels', channelId);
  }

  #set(path: readonly string[], value: unknown): void {
    this.config = withValue(this.config, path, value);
  }
}
