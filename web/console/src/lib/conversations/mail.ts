/** What a mail shows before it is shown: quotes folded, remote pictures only when asked for. Pure but for the DOM parser. */
import type { Entry } from '@centralita/sdk';

/** Marks of the history that mail programs add below an answer. */
const QUOTES = '.gmail_quote, .protonmail_quote, .yahoo_quoted, #divRplyFwdMsg, blockquote[type=cite], body > blockquote';

/** Whether the HTML says more than its text: tables, pictures, colours or lists. */
export function isLaidOut(html: string): boolean {
  return /<(table|img|style|ul|ol|h[1-6]|hr)\b|\sstyle=|bgcolor=/i.test(html);
}

/** Pictures that would be fetched from outside. */
export function remoteImageCount(html: string): number {
  return [...html.matchAll(/<img\b[^>]*?\s(?:data-remote-src|src)\s*=\s*["']?https?:/gi)].length;
}

/**
 * The nodes of a mail's body. The HTML was sanitised by the server and goes into a frame that runs nothing; this only
 * folds the quoted history and, with `hasImages`, gives remote pictures their address back. `parser` is that of the frame,
 * whose policy lets styles stand.
 */
export function mailNodes(html: string, hasImages: boolean, quoteLabel: string, parser = new DOMParser()): Node[] {
  const page = parser.parseFromString(html, 'text/html');
  for (const image of page.querySelectorAll('img[data-remote-src]')) {
    if (hasImages) image.setAttribute('src', image.getAttribute('data-remote-src') ?? '');
    else image.replaceWith(placeholder(page, image.getAttribute('alt') ?? ''));
  }
  for (const quote of page.querySelectorAll(QUOTES)) {
    if (!quote.parentElement?.closest('details')) fold(page, quote, quoteLabel);
  }
  return [...page.body.childNodes];
}

function placeholder(page: Document, text: string): Element {
  const box = page.createElement('span');
  box.className = 'not-loaded';
  box.textContent = text;
  return box;
}

function fold(page: Document, quote: Element, label: string): void {
  const details = page.createElement('details');
  const summary = page.createElement('summary');
  summary.textContent = '···';
  summary.title = label;
  summary.setAttribute('aria-label', label);
  quote.replaceWith(details);
  details.append(summary, quote);
}

/** A text cut where the quoted history begins; `quoted` is empty when there is none. */
export function splitQuote(text: string, quotedFrom: number | null | undefined): { own: string; quoted: string } {
  if (quotedFrom === null || quotedFrom === undefined) return { own: text, quoted: '' };
  const points = [...text];
  if (quotedFrom <= 0 || quotedFrom >= points.length) return { own: text, quoted: '' };
  return { own: points.slice(0, quotedFrom).join('').trimEnd(), quoted: points.slice(quotedFrom).join('').trim() };
}

export type SenderProof = 'proven' | 'unproven' | 'forged';

/** What the verdicts of a received mail say of its sender; null for what is not a received mail. */
export function senderProof(entry: Entry): SenderProof | null {
  if (!entry.mail || entry.direction !== 'in') return null;
  if (entry.mail.dmarc === 'pass') return 'proven';
  return entry.mail.dmarc === 'fail' ? 'forged' : 'unproven';
}
