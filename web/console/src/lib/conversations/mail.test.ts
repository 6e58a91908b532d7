import { describe, expect, it } from 'vitest';
import { isLaidOut, mailNodes, remoteImageCount, splitQuote } from './mail';

const shown = (html: string, hasImages = false) => {
  const box = document.createElement('div');
  box.append(...mailNodes(html, hasImages, 'Cita'));
  return box;
};

describe('a mail', () => {
  it('folds the quoted history once, however deep it quotes', () => {
    const box = shown('<p>Hola</p><div class="gmail_quote">antes<blockquote type="cite">mucho antes</blockquote></div>');
    expect(box.querySelectorAll('details')).toHaveLength(1);
    expect(box.querySelector('summary')?.getAttribute('aria-label')).toBe('Cita');
    expect(box.querySelector('details')?.textContent).toContain('mucho antes');
  });

  it('gives remote pictures their address only when asked', () => {
    const html = '<img data-remote-src="https://a.es/x.png" alt="logo"><img src="/api/v1/attachments/1/content">';
    expect(shown(html).querySelectorAll('img')).toHaveLength(1);
    expect(shown(html).querySelector('.not-loaded')?.textContent).toBe('logo');
    expect(shown(html, true).querySelector('img')?.getAttribute('src')).toBe('https://a.es/x.png');
    expect(remoteImageCount(html)).toBe(1);
  });

  it('is shown as laid out only when the layout says something', () => {
    expect(isLaidOut('<p>Hola <b>tú</b></p>')).toBe(false);
    expect(isLaidOut('<table><tr><td>1</td></tr></table>')).toBe(true);
    expect(isLaidOut('<p style="color:red">x</p>')).toBe(true);
  });

  it('is cut by code points where the quote begins', () => {
    expect(splitQuote('Sí 👍\n\n> antes', 5)).toEqual({ own: 'Sí 👍', quoted: '> antes' });
    expect(splitQuote('todo', null)).toEqual({ own: 'todo', quoted: '' });
    expect(splitQuote('todo', 99)).toEqual({ own: 'todo', quoted: '' });
  });
});
