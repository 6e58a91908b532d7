import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '@centralita/sdk';
import type { Attachment } from '@centralita/sdk';
import { api } from '$lib/session/api';
import { MAX_BYTES, MAX_FILES } from './files';
import { Uploads } from './uploads.svelte';

const stored = (name: string): Attachment => ({ id: `id-${name}`, name, media_type: 'text/plain', size_bytes: 3, sha256: null, state: 'ready', width: null, height: null, download_url: null, preview_url: null });
const file = (name: string, size = 3): File => Object.defineProperty(new File(['abc'], name), 'size', { value: size });
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

describe('files on their way', () => {
  let upload: ReturnType<typeof vi.fn>;
  beforeEach(() => {
    upload = vi.fn(async (_file: Blob, name: string) => stored(name));
    (api as { upload: unknown }).upload = upload;
  });

  it('wait until they are there and then say so', async () => {
    const changes = vi.fn();
    const uploads = new Uploads(changes);
    uploads.add([file('a.txt')]);
    expect(uploads.pendingCount).toBe(1);
    await settled();
    expect(uploads.pendingCount).toBe(0);
    expect(uploads.files.map((one) => one.id)).toEqual(['id-a.txt']);
    expect(changes).toHaveBeenCalledOnce();
  });

  it('that are too large or too many never leave, and say why', () => {
    const uploads = new Uploads();
    uploads.add([file('big.iso', MAX_BYTES + 1), ...Array.from({ length: MAX_FILES }, (_, n) => file(`${n}.txt`))]);
    expect(uploads.items.filter((one) => one.problem !== null).map((one) => one.name)).toEqual(['big.iso', `${MAX_FILES - 1}.txt`]);
    expect(upload).toHaveBeenCalledTimes(MAX_FILES - 1);
  });

  it('that failed can be tried again', async () => {
    upload.mockRejectedValueOnce(new ApiError({ type: '', title: '', status: 507, code: 'storage_full' }));
    const uploads = new Uploads();
    uploads.add([file('a.txt')]);
    await settled();
    const failed = uploads.items[0];
    expect(uploads.failedCount).toBe(1);
    uploads.retry(failed?.key ?? '');
    await settled();
    expect(uploads.failedCount).toBe(0);
    expect(uploads.files).toHaveLength(1);
  });

  it('of a draft are taken up once', () => {
    const uploads = new Uploads();
    uploads.restore([stored('a.txt')]);
    uploads.restore([stored('a.txt')]);
    expect(uploads.files).toHaveLength(1);
  });

  it('removed while they travel are cut off', async () => {
    let signal: AbortSignal | undefined;
    upload.mockImplementation((_file: Blob, _name: string, _progress: unknown, given: AbortSignal) => {
      signal = given;
      return new Promise(() => undefined);
    });
    const uploads = new Uploads();
    uploads.add([file('a.txt')]);
    await settled();
    uploads.remove(uploads.items[0]?.key ?? '');
    expect(signal?.aborted).toBe(true);
    expect(uploads.items).toHaveLength(0);
  });
});
