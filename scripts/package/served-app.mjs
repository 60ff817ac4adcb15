import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanEnvironment } from './clean-environment.mjs';
import { NODE } from './paths.mjs';
import { killGroup } from './run-command.mjs';

const START_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 20_000;

/** An application that runs, as a process of its own. */
export class ServedApp {
  #child;
  #ended;
  #output = '';

  /** @throws with what it said, when it does not tell its address */
  static async start(folder, signal) {
    const app = new ServedApp(folder);
    try {
      app.url = await app.#address(signal);
      return app;
    } catch (error) {
      await app.kill();
      throw error;
    }
  }

  constructor(folder) {
    const options = { cwd: folder, env: cleanEnvironment(), detached: true, stdio: ['ignore', 'pipe', 'pipe'] };
    this.#child = spawn(NODE, ['dist/main.js'], options);
    this.#ended = once(this.#child, 'close').then(([code, by]) => code ?? by);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.#output += text));
    }
  }

  /** The status and the text of the answer. */
  async post(path, signal) {
    const until = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    try {
      const response = await fetch(new URL(path, this.url), { method: 'POST', signal: until });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw this.#failure(`POST ${path} got no answer (${error.message})`, error);
    }
  }

  /** Sends SIGTERM. @throws unless that is what ends it, in order */
  async stop(signal) {
    this.#child.kill('SIGTERM');
    const end = await this.#within(this.#ended, STOP_TIMEOUT_MS, signal, 'did not end by SIGTERM');
    // Nest's shutdown hooks end the process by the signal that they were called for.
    if (end !== 0 && end !== 'SIGTERM') throw this.#failure(`ended with ${end} after SIGTERM`);
    if (this.#output.trim() !== this.url) throw this.#failure('had something to say');
  }

  async kill() {
    killGroup(this.#child);
    await this.#ended.catch(() => undefined);
  }

  async #address(signal) {
    const found = new Promise((resolve) => {
      this.#child.stdout.on('data', () => {
        const [, url] = /^(http:\S+)\n/m.exec(this.#output) ?? [];
        if (url) resolve(url);
      });
    });
    const endedEarly = this.#ended.then((end) => {
      throw this.#failure(`ended at its start, with ${end}`);
    });
    return this.#within(Promise.race([found, endedEarly]), START_TIMEOUT_MS, signal, 'did not tell its address');
  }

  async #within(promise, timeoutMs, signal, what) {
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const late = new Promise((_, reject) => {
      until.addEventListener('abort', () =>
        reject(signal.aborted ? signal.reason : this.#failure(`${what} within ${timeoutMs / 1000} s`)),
      );
    });
    return Promise.race([promise, late]);
  }

  #failure(what, cause) {
    return new Error(`The application ${what}. What it said:\n${this.#output}`, { cause });
  }
}
