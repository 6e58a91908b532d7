/** Entry of the panel's script: hands its constructor to the launcher, which is waiting for this script tag. */
import { Panel } from './ui/panel.ts';
import type { CreatePanel } from './ui/launcher.ts';

export interface PanelScript extends HTMLScriptElement {
  createPanel?: CreatePanel;
}

(document.currentScript as PanelScript).createPanel = (shell) => new Panel(shell);
