/** The two live regions of the page: one waits for a pause, one interrupts. */
class Announcer {
  polite = $state('');
  assertive = $state('');

  say(text: string): void {
    this.polite = text;
  }
  interrupt(text: string): void {
    this.assertive = text;
  }
}

export const announcer = new Announcer();
