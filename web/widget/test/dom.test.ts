import { beforeEach, describe, expect, it } from 'vitest';
import { h, render } from '../src/ui/dom.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.createElement('div');
  document.body.replaceChildren(root);
});

describe('drawing', () => {
  it('keeps the node, the focus and the text of a keyed child when something comes before it', () => {
    render(root, h('div', { key: 'a' }, h('textarea', 0)));
    const box = root.querySelector('textarea')!;
    box.value = 'half a sentence';
    box.focus();
    render(root, h('div', { key: 'banner' }, 'offline'), h('div', { key: 'a' }, h('textarea', 0)));
    expect(root.querySelector('textarea')).toBe(box);
    expect(document.activeElement).toBe(box);
    expect(box.value).toBe('half a sentence');
    render(root, h('div', { key: 'a' }, h('textarea', 0)));
    expect(document.activeElement).toBe(box);
  });

  it('changes, adds and takes away attributes', () => {
    render(root, h('p.a', { hidden: true, title: null }));
    expect(root.innerHTML).toBe('<p class="a" hidden=""></p>');
    render(root, h('p.b', { hidden: false, lang: 'es' }));
    expect(root.innerHTML).toBe('<p class="b" lang="es"></p>');
  });

  it('calls the handler of the latest drawing, once', () => {
    const calls: number[] = [];
    for (const n of [1, 2]) render(root, h('button', { onclick: () => calls.push(n) }));
    root.querySelector('button')!.click();
    expect(calls).toEqual([2]);
  });

  it('orders keyed children anew without making them again', () => {
    const draw = (keys: string): void => render(root, [...keys].map((key) => h('i', { key }, key)));
    draw('abcd');
    const b = root.children[1];
    draw('dxb');
    expect(root.textContent).toBe('dxb');
    expect(root.children[2]).toBe(b);
  });

  it('shows what looks like markup as text', () => {
    render(root, h('p', 0, '<img src=x onerror=alert(1)>'));
    expect(root.querySelector('img')).toBeNull();
    expect(root.textContent).toBe('<img src=x onerror=alert(1)>');
  });

  it('leaves nothing where nothing is drawn', () => {
    render(root, 'a', null, false, ['b', undefined]);
    expect(root.textContent).toBe('ab');
    render(root);
    expect(root.childNodes).toHaveLength(0);
  });
});
