import { describe, expect, it } from 'vitest';
import { keyOf } from './keys';
import { fromText, schemaFields, toText } from './schema';

const SCHEMA = {
  required: ['host'],
  properties: {
    host: { type: 'string' }, port: { type: 'integer', default: 993 }, tls: { type: 'boolean' }, origins: { type: 'array' }, mode: { enum: ['tls', 'none'] }, password: { type: ['string', 'null'], 'x-secret': true },
  },
};

describe('a channel type’s schema', () => {
  const fields = schemaFields(SCHEMA);

  it('becomes fields of the right kind', () => {
    expect(fields.map((field) => field.kind)).toEqual(['text', 'number', 'boolean', 'list', 'choice', 'text']);
    expect(fields.filter((field) => field.isSecret).map((field) => field.name)).toEqual(['password']);
    expect(fields.filter((field) => field.isRequired).map((field) => field.name)).toEqual(['host']);
  });

  it('gives back the value that was shown', () => {
    const values = ['imap.x.es', 993, true, ['https://a.es', 'https://b.es'], 'tls', 'geheim'];
    expect(fields.map((field, index) => fromText(field, toText(values[index])))).toEqual(values);
  });

  it('sends nothing for an empty field', () => {
    expect(fromText(fields[1] ?? (undefined as never), ' ')).toBeNull();
  });
});

describe('keyOf', () => {
  it('makes a key from a Spanish name', () => {
    expect(keyOf('Averías y taller')).toBe('averias-y-taller');
    expect(keyOf('¿?')).toBe('x');
  });
});
