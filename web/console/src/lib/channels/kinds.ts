/** How each kind of channel looks: an icon, a colour and a word, never a colour alone. */
import { m } from '$m';

interface Look { icon: string; colour: string; word: () => string }

const LOOKS: Record<string, Look> = {
  web_chat: { icon: 'chat', colour: 'var(--ch-chat)', word: () => m.ch_web_chat() },
  in_app: { icon: 'chat', colour: 'var(--ch-chat)', word: () => m.ch_web_chat() },
  email: { icon: 'mail', colour: 'var(--ch-mail)', word: () => m.ch_email() },
  voice: { icon: 'phone', colour: 'var(--ch-call)', word: () => m.ch_voice() },
  video: { icon: 'phone', colour: 'var(--ch-call)', word: () => m.ch_video() },
  whatsapp: { icon: 'wa', colour: 'var(--ch-wa)', word: () => 'WhatsApp' },
  instagram: { icon: 'ig', colour: 'var(--ch-ig)', word: () => 'Instagram' },
  messenger: { icon: 'fb', colour: 'var(--ch-fb)', word: () => 'Messenger' },
  telegram: { icon: 'tg', colour: 'var(--ch-tg)', word: () => 'Telegram' },
  sms: { icon: 'sms', colour: 'var(--ch-sms)', word: () => 'SMS' },
  web_form: { icon: 'form', colour: 'var(--ch-form)', word: () => m.ch_web_form() },
  in_person: { icon: 'desk', colour: 'var(--ch-desk)', word: () => m.ch_in_person() },
};

/** The look of a kind; one we do not know shows its own name. */
export function lookOf(kind: string | null | undefined): Look {
  const known = LOOKS[kind ?? ''];
  return known ?? { icon: 'chat', colour: 'var(--fg2)', word: () => kind ?? '' };
}
