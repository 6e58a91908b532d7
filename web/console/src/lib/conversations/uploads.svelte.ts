/** Files on their way to a message that is being written: each with its progress, its refusal, or its record. */
import { ApiError } from '@centralita/sdk';
import type { Attachment } from '@centralita/sdk';
import { errorText } from '$lib/errors/text';
import { api } from '$lib/session/api';
import { m } from '$m';
import { MAX_BYTES, MAX_FILES } from './files';

export interface Upload {
  readonly key: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** Share sent, 0–1. */
  readonly share: number;
  readonly file: Attachment | null;
  readonly problem: string | null;
  readonly previewUrl: string | null;
}

export class Uploads {
  items = $state.raw<readonly Upload[]>([]);
  readonly #sources = new Map<string, { file: File; abort: AbortController }>();
  #onChange: () => void;

  /** `onChange` runs whenever the set of uploaded files changes. */
  constructor(onChange: () => void = () => undefined) {
    this.#onChange = onChange;
  }

  get files(): readonly Attachment[] {
    return this.items.flatMap((one) => (one.file ? [one.file] : []));
  }
  get pendingCount(): number {
    return this.items.filter((one) => one.file === null && one.problem === null).length;
  }
  get failedCount(): number {
    return this.items.filter((one) => one.problem !== null).length;
  }

  /** Starts what fits; says in place what does not. */
  add(files: readonly File[]): void {
    for (const file of files) {
      const key = crypto.randomUUID();
      const isOver = this.items.length >= MAX_FILES;
      const problem = isOver ? m.too_many_files({ max: MAX_FILES }) : file.size > MAX_BYTES ? m.err_too_large({ max: String(MAX_BYTES / 1_048_576) }) : null;
      const previewUrl = file.type.startsWith('image/') && !isOver ? URL.createObjectURL(file) : null;
      this.items = [...this.items, { key, name: file.name || m.pasted_file(), sizeBytes: file.size, share: 0, file: null, problem, previewUrl }];
      if (problem === null) void this.#send(key, file);
    }
  }

  /** Takes up files that a draft already holds on the server. */
  restore(files: readonly Attachment[]): void {
    const known = new Set(this.files.map((file) => file.id));
    const fresh = files.filter((file) => !known.has(file.id));
    this.items = [...this.items, ...fresh.map((file) => ({ key: file.id, name: file.name, sizeBytes: file.size_bytes, share: 1, file, problem: null, previewUrl: file.preview_url }))];
  }

  retry(key: string): void {
    const source = this.#sources.get(key);
    if (!source) return this.remove(key);
    this.#patch(key, { problem: null, share: 0 });
    void this.#send(key, source.file);
  }

  remove(key: string): void {
    this.#sources.get(key)?.abort.abort();
    this.#drop(key);
    this.#onChange();
  }

  /** Forgets everything, because it was sent. */
  clear(): void {
    for (const one of this.items) this.#drop(one.key);
  }

  async #send(key: string, file: File): Promise<void> {
    const abort = new AbortController();
    this.#sources.set(key, { file, abort });
    try {
      const name = this.items.find((one) => one.key === key)?.name ?? file.name;
      const row = await api.upload(file, name, (share) => this.#patch(key, { share }), abort.signal);
      this.#patch(key, { file: row, share: 1 });
      this.#onChange();
    } catch (error) {
      if (!abort.signal.aborted) this.#patch(key, { problem: error instanceof ApiError ? errorText(error) : m.err_internal() });
    }
  }

  #drop(key: string): void {
    const item = this.items.find((one) => one.key === key);
    if (item?.previewUrl?.startsWith('blob:')) URL.revokeObjectURL(item.previewUrl);
    this.#sources.delete(key);
    this.items = this.items.filter((one) => one.key !== key);
  }

  #patch(key: string, patch: Partial<Upload>): void {
    this.items = this.items.map((one) => (one.key === key ? { ...one, ...patch } : one));
  }
}
