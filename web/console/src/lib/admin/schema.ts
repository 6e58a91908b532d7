/** From a channel type's configuration schema to form fields. Pure; unknown keywords are ignored. */
import type { Localized } from '@centralita/sdk';

export interface SchemaField {
  name: string;
  kind: 'text' | 'number' | 'boolean' | 'list' | 'choice';
  title: string | Localized | null;
  help: string | Localized | null;
  isSecret: boolean;
  isRequired: boolean;
  choices: readonly string[];
  fallback: unknown;
}
interface Property {
  type?: string | string[];
  enum?: unknown[];
  title?: string | Localized;
  description?: string;
  default?: unknown;
  'x-secret'?: boolean;
  'x-help'?: string | Localized;
  'x-title'?: Localized;
}

export function schemaFields(schema: Record<string, unknown>): SchemaField[] {
  const properties = (schema['properties'] ?? {}) as Record<string, Property>;
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).map(([name, property]) => ({
    name,
    kind: kindOf(property),
    title: property['x-title'] ?? property.title ?? null,
    help: property['x-help'] ?? property.description ?? null,
    isSecret: property['x-secret'] === true,
    isRequired: required.includes(name),
    choices: (property.enum ?? []).map(String),
    fallback: property.default ?? null,
  }));
}

function kindOf(property: Property): SchemaField['kind'] {
  if (property.enum) return 'choice';
  const type = Array.isArray(property.type) ? property.type.find((one) => one !== 'null') : property.type;
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'boolean';
  return type === 'array' ? 'list' : 'text';
}

/** Text of a field as it is edited: lists one per line. */
export function toText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.map(String).join('\n') : String(value);
}

/** The value to send for what was typed; null for an empty field. */
export function fromText(field: SchemaField, text: string): unknown {
  const trimmed = text.trim();
  switch (field.kind) {
    case 'list': return trimmed.split(/[\n,]+/).map((line) => line.trim()).filter((line) => line !== '');
    case 'boolean': return trimmed === 'true';
    case 'number': return trimmed === '' ? null : Number(trimmed);
    case 'text':
    case 'choice': return trimmed === '' ? null : trimmed;
  }
}
