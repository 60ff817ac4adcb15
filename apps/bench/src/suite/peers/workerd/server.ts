import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TRIES = 200;
const TRY_INTERVAL_MS = 25;

/** A process of workerd. */
export class WorkerdServer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param ask rejects as long as it does not answer */
  static async start(binary: string, configFile: string, ask: () => Promise<unknown>): Promise<WorkerdServer> {
    const child = spawn(binary, ['serve', '--experimental', configFile], { stdio: ['ignore', 'inherit', 'inherit'] });
    await once(child, 'spawn');
    for (let tries = 1; ; tries++) {
      try {
        await ask();
        return new WorkerdServer(child);
      } catch (error) {
        if (tries === START_TRIES || child.exitCode !== null) throw error;
        await sleep(TRY_INTERVAL_MS);
      }
    }
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill();
    await exit;
  }
}
