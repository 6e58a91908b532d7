/** The organization's own words for conversations: statuses, tags, fields. Loaded once, when first needed. */
import type { ConversationStatus, CustomField, Tag } from '@centralita/sdk';
import { i18n } from '$lib/i18n/locale.svelte';
import { api } from '$lib/session/api';

class Vocabulary {
  statuses = $state.raw<readonly ConversationStatus[]>([]);
  tags = $state.raw<readonly Tag[]>([]);
  fields = $state.raw<readonly CustomField[]>([]);
  #loading: Promise<void> | null = null;

  /** Loads what this person may read; what they may not stays empty. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Forgets what was loaded, because it was changed in the settings. */
  forget(): void {
    this.#loading = null;
  }

  statusName(id: string | null): string {
    return i18n.pick(this.statuses.find((one) => one.id === id)?.name);
  }
  tagName(key: string): string {
    return this.tags.find((one) => one.key === key)?.name ?? key;
  }
  fieldName(key: string): string {
    return nameOf(this.fields.find((one) => one.key === key)) || key;
  }
  get conversationFields(): readonly CustomField[] {
    return this.fields.filter((one) => one.noun === 'conversation' || one.noun === 'conversations');
  }

  async #load(): Promise<void> {
    const all = async <T>(noun: string): Promise<readonly T[]> => (await api.list<T>(noun, { limit: 200 }).catch(() => ({ items: [] as T[] }))).items;
    const [statuses, tags, fields] = await Promise.all([all<ConversationStatus>('conversation-statuses'), all<Tag>('tags'), all<CustomField>('fields')]);
    this.statuses = [...statuses].sort((a, b) => a.position - b.position);
    this.tags = tags;
    this.fields = fields;
  }
}

/** A field's name for people: its own, else its key made readable. */
export function nameOf(field: CustomField | undefined): string {
  if (!field) return '';
  return i18n.pick(field.name) || field.key.replaceAll(/[_-]+/g, ' ').replace(/^./, (first) => first.toUpperCase());
}

export const vocabulary = new Vocabulary();
