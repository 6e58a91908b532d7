import { describe, expect, it } from 'vitest';
import { keyOf } from './keys';
import { fromText, schemaFields, sorted, stepsOf, toText, valueAt, withValue } from './schema';

const SCHEMA = {
  type: 'object',
  required: ['address', 'imap'],
  properties: {
    address: { type: 'string', 'x-step': 'address', title: { es: 'Dirección', en: 'Address' } },
    imap: { type: 'object', required: ['host'], 'x-step': 'imap', properties: { host: { type: 'string' }, port: { type: 'integer', default: 993 }, security: { enum: ['tls', 'none'] }, ca_pem: { type: 'string', maxLength: 65536 } } },
    colour: { type: ['string', 'null'], pattern: '^#[0-9a-fA-F]{6}$' },
    origins: { type: 'array', items: { type: 'string' } },
    imap_password: { type: 'string', 'x-secret': true, 'x-step': 'imap' },
  },
};
const fields = schemaFields(SCHEMA);
const field = (name: string) => fields.find((one) => one.name === name);

describe('fields of a schema', () => {
  it('stand in order, those of an object inside under its name and step', () => {
    expect(fields.map((one) => one.name)).toEqual(['address', 'imap.host', 'imap.port', 'imap.security', 'imap.ca_pem', 'colour', 'origins', 'imap_password']);
    expect(field('imap.host')).toMatchObject({ path: ['imap', 'host'], step: 'imap', isRequired: true, kind: 'text' });
    expect(stepsOf(fields)).toEqual(['address', 'imap', '']);
  });

  it('have the kind their type says', () => {
    const kinds = ['imap.port', 'imap.security', 'imap.ca_pem', 'colour', 'origins'].map((name) => field(name)?.kind);
    expect(kinds).toEqual(['number', 'choice', 'long', 'colour', 'list']);
    expect(field('imap_password')?.isSecret).toBe(true);
  });

  it('are asked for in the order people know, the rare ones apart', () => {
    const shuffled = [...fields].reverse();
    const { plain, advanced } = sorted(shuffled.filter((one) => one.step === 'imap'));
    expect(plain.map((one) => one.name)).toEqual(['imap.host', 'imap.port', 'imap.security', 'imap_password']);
    expect(advanced.map((one) => one.name)).toEqual(['imap.ca_pem']);
  });

  it('read back what they show', () => {
    const list = field('origins');
    const port = field('imap.port');
    if (!list || !port) throw new Error('missing field');
    expect(fromText(list, toText(['https://a.es', 'https://b.es']))).toEqual(['https://a.es', 'https://b.es']);
    expect(fromText(port, '993')).toBe(993);
    expect(fromText(port, ' ')).toBeNull();
  });
});

describe('a configuration', () => {
  it('takes and loses values deep inside without touching the rest', () => {
    const config = { address: 'a@b.es', imap: { host: 'x', port: 1 } };
    const next = withValue(config, ['imap', 'host'], 'y');
    expect(next).toEqual({ address: 'a@b.es', imap: { port: 1, host: 'y' } });
    expect(config.imap.host).toBe('x');
    expect(valueAt(next, ['imap', 'host'])).toBe('y');
    expect(withValue(withValue(config, ['imap', 'host'], null), ['imap', 'port'], null)).toEqual({ address: 'a@b.es' });
    expect(valueAt(config, ['smtp', 'host'])).toBeUndefined();
  });
});

describe('keyOf', () => {
  it('makes a key from a Spanish name', () => {
    expect(keyOf('Averías y taller')).toBe('averias-y-taller');
    expect(keyOf('¿?')).toBe('x');
  });
});
