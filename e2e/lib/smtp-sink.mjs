// A mail server that takes every mail and keeps it: for what leaves, where no mailbox is needed.
import { createServer } from 'node:net';

/** Undoes quoted-printable as far as texts need it. */
function decoded(mail) {
  const bytes = mail.replaceAll('=\r\n', '').replace(/(?:=[\dA-F]{2})+/g, (run) => Buffer.from(run.replaceAll('=', ''), 'hex').toString('utf8'));
  return bytes.replaceAll('\r\n', '\n');
}

export class SmtpSink {
  /** Mails as text, in the order they came. */
  mails = [];
  #server;

  static async start() {
    const sink = new SmtpSink();
    sink.#server = createServer((socket) => sink.#serve(socket));
    await new Promise((resolve) => sink.#server.listen(0, '127.0.0.1', resolve));
    return sink;
  }

  get port() {
    return this.#server.address().port;
  }

  close() {
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket) {
    let buffer = '';
    let isData = false;
    socket.on('error', () => {});
    socket.write('220 sink\r\n');
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1');
      for (;;) {
        const end = buffer.indexOf(isData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const part = buffer.slice(0, end);
        buffer = buffer.slice(end + (isData ? 5 : 2));
        if (isData) this.mails.push(decoded(part));
        const verb = isData ? '.' : part.slice(0, 4).toUpperCase();
        isData = verb === 'DATA';
        socket.write(verb === 'DATA' ? '354 go on\r\n' : verb === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
        if (verb === 'QUIT') socket.end();
      }
    });
  }
}
