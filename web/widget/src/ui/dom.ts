/**
 * A very small view layer: describe what should stand in a node, and the difference is applied.
 *
 * Works under Trusted Types and the strictest CSP: nothing is parsed from strings, no inline style, no inline
 * handler. Children with the same `key` (else the same tag, in order) keep their DOM node, so focus, caret and
 * scroll survive.
 */
export type Handler = (event: Event) => void;
export type Attrs = Readonly<Record<string, string | number | boolean | null | undefined | Handler>>;

export interface VNode {
  /** Empty for text. */
  readonly tag: string;
  readonly attrs: Attrs;
  readonly kids: readonly VNode[];
  readonly text: string;
  node?: Node;
}

export type Child = VNode | string | false | null | undefined | readonly Child[];

const SVG = 'http://www.w3.org/2000/svg';
const shown = new WeakMap<Node, readonly VNode[]>();
const attrsOf = new WeakMap<Node, Attrs>();

export function h(tag: string, attrs: Attrs | null, ...kids: Child[]): VNode {
  return { tag, attrs: attrs ?? {}, kids: flat(kids), text: '' };
}

const flat = (kids: readonly Child[]): VNode[] =>
  kids.flatMap((kid): VNode[] => {
    if (!kid && kid !== '') return [];
    if (typeof kid === 'string') return [{ tag: '', attrs: {}, kids: [], text: kid }];
    return 'tag' in kid ? [kid] : flat(kid);
  });

/** Makes `kids` the children of `parent`, which must hold nothing else. */
export function render(parent: Node, ...kids: Child[]): void {
  place(parent, flat(kids));
}

function place(parent: Node, kids: readonly VNode[]): void {
  const old = [...(shown.get(parent) ?? [])];
  for (const kid of kids) {
    const at = old.findIndex((other) => other.tag === kid.tag && other.attrs['key'] === kid.attrs['key']);
    kid.node = (at < 0 ? undefined : old.splice(at, 1)[0]!.node) ?? create(kid.tag);
    update(kid.node, kid);
  }
  for (const { node } of old) node!.parentNode?.removeChild(node!);
  let next = parent.firstChild;
  for (const { node } of kids) {
    if (node === next) next = next!.nextSibling;
    else parent.insertBefore(node!, next);
  }
  shown.set(parent, kids);
}

function create(tag: string): Node {
  if (!tag) return document.createTextNode('');
  return tag === 'svg' || tag === 'path' ? document.createElementNS(SVG, tag) : document.createElement(tag);
}

function update(node: Node, { tag, attrs, kids, text }: VNode): void {
  if (!tag) {
    if (node.nodeValue !== text) node.nodeValue = text;
    return;
  }
  const element = node as Element;
  const old = attrsOf.get(node) ?? {};
  for (const name of new Set([...Object.keys(old), ...Object.keys(attrs)])) set(element, name, old[name], attrs[name]);
  attrsOf.set(node, attrs);
  place(node, kids);
}

function set(element: Element, name: string, old: Attrs[string], value: Attrs[string]): void {
  if (name === 'key' || old === value) return;
  if (name.startsWith('on')) {
    // One listener for good; it looks up the handler of the latest render.
    if (!old) element.addEventListener(name.slice(2), dispatch);
  } else if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

function dispatch(this: unknown, event: Event): void {
  const handler = attrsOf.get(event.currentTarget as Node)?.['on' + event.type];
  if (typeof handler === 'function') handler(event);
}
