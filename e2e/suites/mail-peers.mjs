// The mail peers by themselves: what the other suites rely on when they use real mail.
import assert from 'node:assert/strict';
import { MailServers } from '../lib/mailservers.mjs';
import { suite } from '../lib/suite.mjs';

const SUPPORT = 'soporte@centralita.test';
const LUCIA = 'lucia@clientes.test';

export default suite('mail-peers', (group) => {
  group('dovecot and postfix', ({ before, after, test }) => {
    let mail;
    before(async () => (mail = await MailServers.start({ [SUPPORT]: 'support-secret', [LUCIA]: 'lucia-secret' })));
    after(() => mail?.dispose());

    test('a mail sent by SMTP is read by IMAP', async () => {
      const id = await mail.send({ from: LUCIA, to: SUPPORT, subject: '¿Dónde está mi pedido?', text: 'Hola, ¿cuánto tarda?' });
      const found = await mail.mail(SUPPORT, 'the mail', (m) => m.messageId === id);
      assert.equal(found.subject, '¿Dónde está mi pedido?');
      assert.equal(found.text.trim(), 'Hola, ¿cuánto tarda?');
    });

    test('a plus address reaches the mailbox', async () => {
      const id = await mail.send({ from: LUCIA, to: 'soporte+token@centralita.test', subject: 'Re: pedido' });
      const found = await mail.mail(SUPPORT, 'the mail', (m) => m.messageId === id);
      assert.equal(found.to[0].address, 'soporte+token@centralita.test');
    });

    test('nothing leaves the machine', async () => {
      await assert.rejects(mail.send({ from: SUPPORT, to: 'somebody@example.org' }), /Relay access denied/);
    });

    test('after a restart of both, mail goes on and nothing is lost', async () => {
      const before = (await mail.mails(SUPPORT)).length;
      await mail.stopImap();
      await mail.stopSmtp();
      await mail.startSmtp();
      await mail.startImap();
      await mail.send({ from: LUCIA, to: SUPPORT, subject: 'again' });
      await mail.mail(SUPPORT, 'the mail', (m) => m.subject === 'again');
      assert.equal((await mail.mails(SUPPORT)).length, before + 1);
    });
  });
});
