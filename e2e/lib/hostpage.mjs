// Somebody's web site that embeds the widget: another origin, under the strictest policy the widget promises
// to work with.
import { createServer } from 'node:http';

export class HostPage {
  /** Serves one page that loads the widget of `widgetKey` from `centralita`, once both are known. */
  static start() {
    const host = new HostPage();
    host.server = createServer((_, response) => host.#answer(response));
    return new Promise((resolve, reject) => {
      host.server.once('error', reject).listen(0, '127.0.0.1', () => {
        host.origin = `http://127.0.0.1:${host.server.address().port}`;
        resolve(host);
      });
    });
  }

  embed(centralita, widgetKey) {
    Object.assign(this, { centralita, widgetKey });
  }

  #answer(response) {
    const policy = `default-src 'none'; script-src ${this.centralita}; connect-src ${this.centralita} ${this.centralita?.replace(/^http/, 'ws')}; img-src ${this.centralita}; style-src 'none'; require-trusted-types-for 'script'`;
    const script = `<script async src="${this.centralita}/w/loader.js" data-key="${this.widgetKey}"></script>`;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy });
    response.end(`<!doctype html><html lang="es"><head><title>Pedales</title>${script}</head><body><main><h1>Pedales</h1></main></body></html>`);
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
