/**
 * The REST half of the visitor protocol: one way to call, for JSON, files up and files down.
 *
 * `XMLHttpRequest` because only it tells how far an upload has come. The one credential is the bearer token.
 */
import type { Body } from './wire.ts';

const CALL_TIMEOUT_MS = 20_000;
const FILE_TIMEOUT_MS = 180_000;

/**
 * Calls the server; rejects with a `Problem`. A `Blob` is sent as it is. `onProgress` is told the share of the body
 * that is on the server, 0 to 1; `want` says what the answer is.
 */
export const request = <T>(method: string, url: string, token?: string, body?: Body | Blob, onProgress?: (share: number) => void, want: 'json' | 'blob' = 'json'): Promise<T> =>
  new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    const isFile = body instanceof Blob;
    call.open(method, url);
    call.responseType = want;
    call.timeout = isFile || want === 'blob' ? FILE_TIMEOUT_MS : CALL_TIMEOUT_MS;
    if (token) call.setRequestHeader('Authorization', 'Bearer ' + token);
    if (body) call.setRequestHeader('Content-Type', isFile ? body.type || 'application/octet-stream' : 'application/json');
    if (onProgress) call.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    call.onloadend = () => {
      const { status, response } = call;
      if (status >= 200 && status < 300) resolve(response as T);
      else reject({ code: status, ...response, status });
    };
    call.send(isFile ? body : JSON.stringify(body));
  });
