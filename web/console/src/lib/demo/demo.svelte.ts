/** The demonstration: sample data brought along and taken away, and simulated customers who come by themselves. */
import type { DemoColleague, SimulatorRun, SimulatorScript } from '@centralita/sdk';
import { i18n } from '$lib/i18n/locale.svelte';
import { api } from '$lib/session/api';

/** Simulated customers a minute; the first comes at once. */
const RATE_PER_MIN = 2;
/** Seeds below this give different customers each time. */
const SEEDS = 1_000_000;

class Demo {
  /** Colleagues of the demonstration with the passwords that are told once; gone after a reload. */
  colleagues = $state.raw<readonly DemoColleague[]>([]);
  runs = $state.raw<readonly SimulatorRun[]>([]);

  /** Brings the sample data along. @throws {ApiError} `already_exists` while there is some. */
  async seed(): Promise<void> {
    this.colleagues = (await api.seedDemo()).result?.colleagues ?? [];
  }

  /** Takes it away, simulated customers first. @throws {ApiError} */
  async remove(): Promise<void> {
    await this.stop();
    await api.removeDemo();
    this.colleagues = [];
  }

  async load(): Promise<void> {
    this.runs = (await api.simulatorRuns()).items;
  }

  /** Lets simulated customers come, who speak the reader's language where there is a script in it. @throws {ApiError} */
  async start(): Promise<void> {
    const scripts = (await api.simulatorScripts()).items;
    const script = pick(scripts, i18n.locale);
    if (!script) return;
    const run = await api.startSimulator({ script: script.key, seed: Math.floor(Math.random() * SEEDS), rate_per_min: RATE_PER_MIN });
    this.runs = [...this.runs, run];
  }

  /** Ends all runs; their customers leave. @throws {ApiError} */
  async stop(): Promise<void> {
    await Promise.all(this.runs.map((run) => api.stopSimulator(run.id)));
    this.runs = [];
  }
}

function pick(scripts: readonly SimulatorScript[], language: string): SimulatorScript | undefined {
  return scripts.find((one) => one.key === 'pedido_perdido' && language === 'es') ?? scripts.find((one) => one.language === language) ?? scripts[0];
}

export const demo = new Demo();
