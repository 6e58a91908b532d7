/** The ways of choosing an agent, in words. */
import { m } from '$m';

export const MODELS = ['most_available', 'least_active', 'longest_idle', 'round_robin'] as const;
const NAMES: Record<string, () => string> = {
  most_available: () => m.model_most_available(), least_active: () => m.model_least_active(), longest_idle: () => m.model_longest_idle(), round_robin: () => m.model_round_robin(),
};
export const modelName = (model: string): string => NAMES[model]?.() ?? model;
