import { describe, expect, it } from 'vitest';
import { formParts, wizardSteps } from './channel-steps';

describe('setting a channel up', () => {
  it('asks for what the type names, then where it goes, tries it, and waits for the first message', () => {
    expect(wizardSteps('email', ['address', 'imap', 'smtp'])).toEqual(['address', 'imap', 'smtp', 'route', 'check', 'go']);
  });

  it('asks of a web chat only what it cannot run without; the rest is there afterwards', () => {
    const first = wizardSteps('web_chat', ['site', 'look', 'questions', 'files', 'identity']);
    expect(first).toEqual(['site', 'look', 'route', 'go']);
    expect(formParts('web_chat', [])).toEqual(expect.arrayContaining(['questions', 'files', 'identity']));
  });
});
