import { expect, it } from 'vitest';
import type { WorkItem } from '@centralita/sdk';
import { heldMilli } from './held';

const item = (patch: Partial<WorkItem>): WorkItem => ({ agent_id: 'a1', units_milli: 1000, is_interruptible: false, state: 'active', ...patch }) as unknown as WorkItem;

it('weighs what I am at and what I wrap up, and nothing else', () => {
  const work = [item({}), item({ state: 'wrap_up', units_milli: 500 }), item({ state: 'paused' }), item({ is_interruptible: true }), item({ agent_id: 'a2' })];
  expect(heldMilli(work, 'a1')).toBe(1500);
});
