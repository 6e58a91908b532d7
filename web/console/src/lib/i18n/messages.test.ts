import { describe, expect, it } from 'vitest';
import en from '../../../messages/en.json';
import es from '../../../messages/es.json';

type Message = string | { match: Record<string, string> }[];
const texts = (message: Message): string[] => (typeof message === 'string' ? [message] : message.flatMap((one) => Object.values(one.match)));
const inputs = (message: Message): string[] => [...new Set(texts(message).flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')))].sort();
const spanish = es as unknown as Record<string, Message>;
const english = en as unknown as Record<string, Message>;

describe('the texts', () => {
  it('have the same keys in Spanish and English', () => {
    expect(Object.keys(spanish).sort()).toEqual(Object.keys(english).sort());
  });

  it('take the same arguments in both languages', () => {
    const different = Object.keys(spanish).filter((key) => inputs(spanish[key] ?? '').join() !== inputs(english[key] ?? '').join());
    expect(different).toEqual([]);
  });

  it('are never empty', () => {
    const empty = Object.entries({ ...spanish, ...english }).filter(([, message]) => texts(message).some((text) => text.trim() === ''));
    expect(empty).toEqual([]);
  });
});
