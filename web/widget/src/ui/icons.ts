/** Line icons, 24 × 24. */
import { h, type VNode } from './dom.ts';

const CIRCLE = 'M12 3a9 9 0 1 0 .1 0M12 7v5';
export const ALERT = CIRCLE + 'm0 4v.1';
export const BACK = 'M20 12H4l6-6m-6 6l6 6';
export const CHAT = 'M4 5h16v12H10l-4 4v-4H4z';
export const CHECKS = 'M2 12l5 5 8-9m-3 9l9-9';
export const CLIP = 'M8 12l6-6a3 3 0 0 1 5 5l-8 8a5 5 0 0 1-7-7l8-8';
export const CLOCK = CIRCLE + 'l3 2';
export const DOWN = 'M6 9l6 6 6-6';
export const FILE = 'M6 3h8l5 5v13H6zM14 3v5h5';
export const FORWARD = 'M4 12h16l-6-6m6 6l-6 6';
export const MORE = 'M4.5 12h1m6 0h1m6 0h1';
export const SEND = 'M4 4l17 8-17 8 3-8zm3 8h5';
export const X = 'M6 6l12 12m0-12L6 18';

/** Decorative: the control that holds it carries the name. */
export const icon = (d: string): VNode => h('svg.i', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, h('path', { d: d }));
