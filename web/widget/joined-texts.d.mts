import type { Plugin } from 'esbuild';

export declare const joinedTexts: Plugin;
