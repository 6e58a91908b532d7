/** Where a found thing opens, and how its group is called. */
import type { SearchGroup, SearchItem } from '@centralita/sdk';
import { m } from '$m';

export const ICONS: Record<SearchGroup['type'], string> = { conversations: 'chat', customers: 'user', entries: 'inbox', articles: 'book', settings: 'sliders' };
const NAMES: Record<SearchGroup['type'], () => string> = {
  conversations: () => m.conversations(), customers: () => m.people(), entries: () => m.messages(), articles: () => m.articles(), settings: () => m.settings(),
};
export const groupName = (type: SearchGroup['type']): string => NAMES[type]?.() ?? type;
export const iconOf = (type: SearchGroup['type']): string => ICONS[type] ?? 'search';

export function hrefOf(type: SearchGroup['type'], item: SearchItem): string {
  const text = (name: string) => (typeof item.resource[name] === 'string' ? (item.resource[name] as string) : '');
  switch (type) {
    case 'customers': return `/people/${item.id}`;
    case 'entries': return `/c/${text('conversation_id') || item.id}${item.resource['seq'] ? `?at=${String(item.resource['seq'])}` : ''}`;
    case 'settings': return text('path') || '/settings';
    case 'conversations':
    case 'articles': return `/c/${item.id}`;
  }
}
