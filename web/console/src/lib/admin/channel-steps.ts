/** The steps of setting a channel up: those its type names, then where its contacts go, a check, and the first message. */
import type { Channel } from '@centralita/sdk';
import { m } from '$m';

/** The parts of a web chat that are needed before it runs; the rest is there afterwards. */
const WEB_CHAT_FIRST = ['site', 'look'];
export const WEB_CHAT_PARTS = ['site', 'look', 'questions', 'files', 'identity'];

const NAMES: Record<string, () => string> = {
  address: () => m.step_address(), imap: () => m.step_imap(), smtp: () => m.step_smtp(), site: () => m.step_site(), look: () => m.step_look(), questions: () => m.step_questions(),
  files: () => m.files(), identity: () => m.step_identity(), route: () => m.step_route(), check: () => m.step_check(), go: () => m.step_go(), '': () => m.details(),
};
export const stepName = (step: string): string => NAMES[step]?.() ?? step.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());

export function wizardSteps(kind: string, typeSteps: readonly string[]): string[] {
  if (kind === 'web_chat') return [...WEB_CHAT_FIRST, 'route', 'go'];
  return [...typeSteps, 'route', 'check', 'go'];
}

export function formParts(kind: string, typeSteps: readonly string[]): readonly string[] {
  return kind === 'web_chat' ? WEB_CHAT_PARTS : typeSteps;
}

/** A channel that somebody began to set up and has not turned on yet. */
export const isUnfinished = (channel: Channel): boolean => channel.state === 'draft' || channel.state === 'ready';
