/** The one API client of the console. */
import { Api, Client } from '@centralita/sdk';

let signedOut: () => void = () => undefined;

export const client = new Client({ onUnauthenticated: () => signedOut() });
export const api = new Api(client);

/** Sets what happens when the server no longer knows the session. */
export function onSignedOut(run: () => void): void {
  signedOut = run;
}
