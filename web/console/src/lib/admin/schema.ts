/** From a channel type's configuration schema to form fields. Pure; unknown keywords are ignored. */
import type { Localized } from '@centralita/sdk';

export interface SchemaField {
  /** Where it stands in the configuration: `['imap', 'host']`. */
  path: readonly string[];
  /** The path in one word, unique in the form: `imap.host`. */
  name: string;
  kind: 'text' | 'long' | 'number' | 'boolean' | 'list' | 'choice' | 'colour';
  title: string | Localized | null;
  help: string | Localized | null;
  /** The part of the set-up it belongs to; empty when the schema names none. */
  step: string;
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
  pattern?: string;
  maxLength?: number;
  required?: unknown;
  properties?: Record<string, Property>;
  'x-secret'?: boolean;
  'x-help'?: string | Localized;
  'x-title'?: Localized;
  'x-step'?: string;
}
/** Longer texts get a field of several lines. */
const LONG_FROM = 5_000;

/** Fields in the order of the schema; those of an object inside stand in its place, with its step. */
export function schemaFields(schema: Record<string, unknown>): SchemaField[] {
  return fieldsOf(schema as Property, [], '');
}

function fieldsOf(schema: Property, above: readonly string[], step: string): SchemaField[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = [...above, name];
    const own = property['x-step'] ?? step;
    if (property.properties && baseType(property) === 'object') return fieldsOf(property, path, own);
    return [fieldOf(property, path, own, required.includes(name))];
  });
}

function fieldOf(property: Property, path: readonly string[], step: string, isRequired: boolean): SchemaField {
  return {
    path,
    name: path.join('.'),
    kind: kindOf(property),
    title: property['x-title'] ?? property.title ?? null,
    help: property['x-help'] ?? property.description ?? null,
    step,
    isSecret: property['x-secret'] === true,
    isRequired,
    choices: (property.enum ?? []).map(String),
    fallback: property.default ?? null,
  };
}

function baseType(property: Property): string | undefined {
  return Array.isArray(property.type) ? property.type.find((one) => one !== 'null') : property.type;
}

function kindOf(property: Property): SchemaField['kind'] {
  if (property.enum) return 'choice';
  const type = baseType(property);
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'array') return 'list';
  if (property.pattern?.includes('[0-9a-fA-F]{6}')) return 'colour';
  return (property.maxLength ?? 0) >= LONG_FROM ? 'long' : 'text';
}

/** The order in which people know these things; a schema's own order is lost on the way. */
const ORDER = ['address', 'name', 'host', 'port', 'security', 'user', 'password'];
const rank = (field: SchemaField): number => {
  const last = field.path.at(-1) ?? '';
  const at = ORDER.findIndex((name) => last === name || (field.isSecret && last.endsWith(`_${name}`)));
  return at < 0 ? ORDER.length : at;
};

/** What everybody fills in, in a known order, and what only some need. */
export function sorted(fields: readonly SchemaField[]): { plain: SchemaField[]; advanced: SchemaField[] } {
  const ordered = [...fields].sort((a, b) => rank(a) - rank(b));
  const isPlain = (field: SchemaField) => field.isRequired || field.isSecret || rank(field) < ORDER.length;
  return { plain: ordered.filter(isPlain), advanced: ordered.filter((field) => !isPlain(field)) };
}

/** The steps a form has, in the order in which the schema first names them. */
export function stepsOf(fields: readonly SchemaField[]): string[] {
  return [...new Set(fields.map((field) => field.step))];
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
    case 'long':
    case 'colour':
    case 'choice': return trimmed === '' ? null : trimmed;
  }
}

export type Config = Record<string, unknown>;

export function valueAt(config: Config, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (at !== null && typeof at === 'object' ? (at as Config)[name] : undefined), config);
}

/** A copy of the configuration with one value; null or undefined takes it away, and objects left empty with it. */
export function withValue(config: Config, path: readonly string[], value: unknown): Config {
  const [name = '', ...rest] = path;
  const inside = rest.length > 0 ? withValue((config[name] ?? {}) as Config, rest, value) : value;
  const isGone = inside === null || inside === undefined || (rest.length > 0 && Object.keys(inside as Config).length === 0);
  const { [name]: _old, ...others } = config;
  return isGone ? others : { ...others, [name]: inside };
}
