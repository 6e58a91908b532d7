/** Sizes and limits of files. Pure. */

/** Most files of one message, and most bytes of one file, as the server takes them. */
export const MAX_FILES = 20;
export const MAX_BYTES = 25 * 1_048_576;

/** `12 KB`, `3,4 MB`. */
export function fileSize(bytes: number, locale: string): string {
  const number = (value: number, digits: number) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
  return bytes < 1_048_576 ? `${number(Math.max(1, Math.round(bytes / 1024)), 0)} KB` : `${number(bytes / 1_048_576, 1)} MB`;
}
