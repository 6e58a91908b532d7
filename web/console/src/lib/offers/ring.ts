/** The ring of an offer: two soft tones, made in the browser, stopped by any end and after a minute at the latest. */

const LONGEST_MS = 60_000;
const EVERY_MS = 2_400;

let audio: AudioContext | null = null;

/** Lets the browser play sound later; must run inside a click or key press. */
export function unlockSound(): void {
  audio ??= new AudioContext();
  void audio.resume();
}

/** Starts ringing and returns what stops it. Silent while the browser has not been unlocked. */
export function startRing(): () => void {
  chime();
  const again = setInterval(chime, EVERY_MS);
  const last = setTimeout(() => clearInterval(again), LONGEST_MS);
  return () => {
    clearInterval(again);
    clearTimeout(last);
  };
}

function chime(): void {
  if (!audio || audio.state !== 'running') return;
  tone(audio, 660, 0);
  tone(audio, 880, 0.18);
}

function tone(context: AudioContext, frequency: number, after: number): void {
  const [oscillator, gain] = [context.createOscillator(), context.createGain()];
  const start = context.currentTime + after;
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0.0001, start);
  gain.gain.exponentialRampToValueAtTime(0.12, start + 0.03);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.32);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + 0.35);
}
