/**
 * A very small view layer: describe what should stand in a node, and the difference is applied.
 *
 * Works under Trusted Types and the strictest CSP: nothing is parsed from strings, no inline style, no inline
 * handler. Children with the same `key` (else the same tag, in order) keep their DOM node, so focus, caret and
 * scroll survive.
 */
export type Handler = (event: Event) => void;
type Value = string | number | boolean | null | undefined | Handler;
export type Attrs = Readonly<Record<string, Value>>;

export interface VNode {
  /** Empty for text. */
  readonly tag: string;
  /** Of a text, `data` alone. */
  readonly attrs: Attrs;
  readonly kids: readonly VNode[];
  node?: Node;
}

export type Child = VNode | string | number | false | null | undefined | readonly Child[];

/** A node with what was last drawn in it. */
type Drawn = Node & { drawn?: readonly VNode[] };

const flat = (kids: readonly Child[]): VNode[] =>
  (kids.flat(9) as Child[]).filter(Boolean).map((kid) => ((kid as VNode).attrs ? (kid as VNode) : { tag: '', attrs: { data: kid as string }, kids: [] }));

/** `h('p.note', 0, 'text')` describes `<p class="note">text</p>`; without a tag it is a `div`. */
export function h(spec: string, attrs: Attrs | 0 | false, ...kids: Child[]): VNode {
  const [tag, name] = spec.split('.');
  return { tag: tag || 'div', attrs: { class: name, ...(attrs || {}) }, kids: flat(kids) };
}

/** Makes `kids` the children of `parent`, which must hold nothing else. */
export const render = (parent: Node, ...kids: Child[]): void => place(parent, flat(kids));

function place(parent: Drawn, kids: readonly VNode[]): void {
  const left = [...(parent.drawn ?? [])];
  for (const kid of kids) {
    const { tag, attrs } = kid;
    const at = left.findIndex((other) => other.tag === tag && other.attrs['key'] === attrs['key']);
    const [old] = at < 0 ? [] : left.splice(at, 1);
    kid.node = old?.node ?? create(tag);
    update(kid.node as Element, old?.attrs ?? {}, attrs);
    place(kid.node, kid.kids);
  }
  for (const { node } of left) (node as ChildNode).remove();
  kids.forEach(({ node }, i) => {
    const at = parent.childNodes[i];
    if (at !== node) parent.insertBefore(node!, at ?? null);
  });
  parent.drawn = kids;
}

const create = (tag: string): Node =>
  tag ? document.createElementNS(`http://www.w3.org/${/svg|path/.test(tag) ? '2000/svg' : '1999/xhtml'}`, tag) : document.createTextNode('');

/** Handlers, texts and what is typed are properties; all else is an attribute. */
function update(element: Element, before: Attrs, attrs: Attrs): void {
  for (const name in { ...before, ...attrs }) {
    const value = attrs[name];
    if (/^(on|data$|value)/.test(name)) {
      const properties = element as unknown as Record<string, Value>;
      if (properties[name] !== value) properties[name] = value;
    } else if (before[name] !== value) {
      if (value) element.setAttribute(name, value === true ? '' : String(value));
      else element.removeAttribute(name);
    }
  }
}
