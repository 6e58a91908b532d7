/** Name of a BCP 47 language in the language of the reader: `es` → «Español». Empty when unknown. */
export function languageName(tag: string | null | undefined, locale: string): string {
  if (!tag) return '';
  try {
    const name = new Intl.DisplayNames(locale, { type: 'language' }).of(tag) ?? tag;
    return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
  } catch {
    return tag;
  }
}

/** Money in minor units as this language writes it; no decimals from 100 on, thousands by a thin space in Spanish. */
export function money(value: { amount: number; currency: string }, locale: string): string {
  const options = { style: 'currency', currency: value.currency, useGrouping: 'always' } as const;
  const digits = new Intl.NumberFormat(locale, options).resolvedOptions().maximumFractionDigits ?? 2;
  const amount = value.amount / 10 ** digits;
  const format = new Intl.NumberFormat(locale, amount >= 100 ? { ...options, maximumFractionDigits: 0 } : options);
  const isThin = locale.startsWith('es');
  return format.formatToParts(amount).map((part) => (isThin && part.type === 'group' ? '\u202f' : part.value)).join('');
}
