/** Line icons, 24 × 24. */
import { h, type VNode } from './dom.ts';

const PATHS = {
  alert: 'M12 3.5L22 20H2zM12 10v4.5M12 17.2v.1',
  back: 'M20 12H4M10 6l-6 6 6 6',
  bot: 'M12 3l2 6.5L20.5 12 14 14.5 12 21l-2-6.5L3.5 12 10 9.5z',
  chat: 'M4 4.5h16v12H10.5L6 20.5v-4H4z',
  checks: 'M2 12.5l4.5 4.5 8.5-10M11.5 16.5l.5.5 9.5-10',
  clip: 'M16.5 7.5l-7 7a2 2 0 0 0 3 3l7-7.5a4.2 4.2 0 0 0-6-6L6 11.5a6 6 0 0 0 8.5 8.5L20 14.5',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2',
  down: 'M6 9l6 6 6-6',
  file: 'M6 3h8l4.5 4.5V21H6zM14 3v5h4.5M9 13h6M9 16.5h4',
  forward: 'M4 12h16M14 6l6 6-6 6',
  home: 'M3.5 11L12 4l8.5 7M6 9.5V20h12V9.5M10 20v-6h4v6',
  more: 'M5.5 11.2a.8.8 0 1 0 .01 0zM12 11.2a.8.8 0 1 0 .01 0zM18.5 11.2a.8.8 0 1 0 .01 0z',
  offline:
    'M3 3l18 18M5 12.5a10 10 0 0 1 4.5-2.6M19 12.5a10 10 0 0 0-4.8-2.7M2 9a14.5 14.5 0 0 1 4.5-3M22 9a14.5 14.5 0 0 0-11-4M8.5 16a5 5 0 0 1 7 0M12 19.5v.1',
  send: 'M4 12l16-8-5 16-3.5-6.5zM11.5 13.5L20 4',
  x: 'M6 6l12 12M18 6L6 18',
};

export type Icon = keyof typeof PATHS;

/** Decorative: the control that holds it carries the name. */
export const icon = (name: Icon, size: 's' | 'm' | 'l' = 'm'): VNode =>
  h('svg', { class: 'i ' + size, viewBox: '0 0 24 24', 'aria-hidden': 'true' }, h('path', { d: PATHS[name] }));
