import { describe, expect, it } from 'vitest';
import type { Conversation } from '@centralita/sdk';
import { m } from '$m';
import { lastLine } from './names';

const ME = { ownName: 'Ada Ruiz', agentName: 'Ada' };
const row = (last: Partial<NonNullable<Conversation['last_entry']>> | null, subject: string | null = null) => ({ subject, last_entry: last && { text: 'Sale hoy', direction: 'out', author_name: null, ...last } }) as unknown as Conversation;

describe('the last line of a conversation', () => {
  it('says «you» for one’s own and the name for a colleague’s', () => {
    expect(lastLine(row({ author_name: 'Ada Ruiz' }), ME)).toBe(m.you_said({ text: 'Sale hoy' }));
    expect(lastLine(row({ author_name: 'Ada' }), ME)).toBe(m.you_said({ text: 'Sale hoy' }));
    expect(lastLine(row({ author_name: 'Marcos Vega' }), ME)).toBe('Marcos Vega: Sale hoy');
  });

  it('is the bare text of the customer, or the subject while nobody wrote', () => {
    expect(lastLine(row({ direction: 'in', author_name: 'Lucía' }), ME)).toBe('Sale hoy');
    expect(lastLine(row(null, 'Pedido 20931'), ME)).toBe('Pedido 20931');
  });
});
