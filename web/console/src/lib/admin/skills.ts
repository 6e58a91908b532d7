/** What kinds of skill there are, in words, and how good one can be. */
import { m } from '$m';

export const SKILL_KINDS: Record<string, () => string> = { skill: () => m.skill_kind_skill(), language: () => m.skill_kind_language(), licence: () => m.skill_kind_licence() };
/** Levels go from 1 to this. */
export const LEVEL_MAX = 10;
