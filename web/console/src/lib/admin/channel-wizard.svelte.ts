/** The way from a kind of channel to one that has received its first message. Every step is kept on the server as it is done. */
import type { Channel, ChannelType } from '@centralita/sdk';
import { errorText } from '$lib/errors/text';
import { i18n } from '$lib/i18n/locale.svelte';
import { api } from '$lib/session/api';
import { toasts } from '$lib/ui/toasts.svelte';
import { ChannelFormModel } from './channel-form.svelte';
import { wizardSteps } from './channel-steps';
import type { Collection } from './collection.svelte';
import { keyOf } from './keys';
import { valueAt } from './schema';

export class ChannelWizard {
  channel = $state.raw<Channel | null>(null);
  kind = $state('');
  at = $state(0);
  isBusy = $state(false);
  error = $state.raw<unknown>(null);
  isChecked = $state(false);
  readonly form: ChannelFormModel;

  constructor(readonly channels: Collection<Channel>, channel: Channel | null) {
    this.channel = channel;
    this.kind = channel?.type ?? '';
    this.form = new ChannelFormModel(channel);
    if (channel) void this.form.loadType(channel.type);
  }

  get steps(): readonly string[] {
    return this.kind === '' ? [] : wizardSteps(this.kind, this.form.steps);
  }
  get step(): string {
    return this.steps[this.at] ?? '';
  }
  get isLast(): boolean {
    return this.at === this.steps.length - 1;
  }

  choose(type: ChannelType): void {
    this.kind = type.kind;
    this.form.useType(type);
    this.form.name = this.form.name || i18n.pick(type.name);
    this.at = 0;
  }
  back(): void {
    if (this.at > 0) this.at -= 1;
    else if (this.channel === null) this.kind = '';
  }
  go(step: number): void {
    if (step < this.at) this.at = step;
  }

  /** Keeps what was typed and goes to the next step; the last but one turns the channel on. */
  async next(): Promise<void> {
    this.isBusy = true;
    this.error = null;
    try {
      this.#nameIt();
      await this.#keep();
      const isReady = this.at === this.steps.length - 2;
      if (isReady && this.channel) this.#take(await api.enableChannel(this.channel.id));
      this.at += 1;
    } catch (error) {
      this.error = error;
      if (!this.#pointsHere(error)) toasts.show(errorText(error), { tone: 'bad' });
    }
    this.isBusy = false;
  }

  /** A mailbox is called by its address until somebody calls it otherwise. */
  #nameIt(): void {
    const address = valueAt(this.form.config, ['address']);
    if (this.channel === null && typeof address === 'string' && address !== '') this.form.name = address;
  }

  #pointsHere(error: unknown): boolean {
    return error instanceof Error && 'errors' in error && Array.isArray(error.errors) && error.errors.length > 0;
  }

  async #keep(): Promise<void> {
    const { form } = this;
    const body = { name: form.name.trim(), config: form.config, ...(form.queueId ? { queue_id: form.queueId } : {}) };
    if (this.channel) this.#take(await api.patch<Channel>('channels', this.channel.id, body, this.channel.version));
    else this.#take(await api.create<Channel>('channels', { type: this.kind, key: this.#key(), ...body }));
    const changed = this.channel && (await form.saveSecrets(this.channel.id));
    if (changed) this.#take(changed);
  }

  /** A key nobody uses yet, from the address or the name. */
  #key(): string {
    const address = valueAt(this.form.config, ['address']);
    const base = keyOf(typeof address === 'string' ? address : this.form.name);
    const taken = new Set(this.channels.items.map((one) => one.key));
    for (let n = 1; ; n += 1) {
      const key = n === 1 ? base : `${base.slice(0, 60)}-${n}`;
      if (!taken.has(key)) return key;
    }
  }

  #take(channel: Channel): void {
    this.channel = channel;
    this.channels.put(channel);
  }
}
