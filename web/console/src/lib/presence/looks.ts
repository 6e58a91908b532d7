/** Colour and words of a presence status. */
import type { PresenceStatus, RoutingKind } from '@centralita/sdk';
import { m } from '$m';

export function dotOf(status: PresenceStatus | undefined): '' | 'ok' | 'warn' {
  if (status?.kind === 'online') return 'ok';
  return status?.kind === 'busy' ? 'warn' : '';
}

const NAMES: Partial<Record<RoutingKind, () => string>> = {
  voice: () => m.ch_voice(), chat: () => m.ch_web_chat(), messaging: () => m.kind_messaging(), sms: () => 'SMS', email: () => m.ch_email(), video: () => m.ch_video(), social: () => m.kind_social(),
};

/** What the status lets in: «Solo Chat, Correo», «Todos menos Correo», «Todos los canales», «Nada nuevo». */
export function channelEffect(status: PresenceStatus): string {
  const kinds = Object.entries(status.channels) as [RoutingKind, string][];
  if (status.kind === 'offline') return m.effect_none_offline();
  const nameOf = ([kind]: [RoutingKind, string]) => NAMES[kind]?.() ?? kind;
  const shut = kinds.filter(([, state]) => state !== 'online');
  // A kind that is not named follows the status itself.
  if (status.kind === 'online' && kinds.length > 0 && shut.length === kinds.length) return m.effect_except({ list: shut.map(nameOf).join(', ') });
  const open = kinds.filter(([, state]) => state === 'online').map(([kind]) => kind);
  if (open.length === 0) return status.kind === 'online' ? m.effect_all() : m.effect_none();
  if (open.length === kinds.length) return m.effect_all();
  return m.effect_only({ list: open.map((kind) => NAMES[kind]?.() ?? kind).join(', ') });
}
