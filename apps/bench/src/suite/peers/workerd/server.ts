import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TRIES = 200;
const TRY_INTERVAL_MS = 25;

/** A process of workerd. */
export class WorkerdServer {
  readonly #child: ChildProcess;
  readonly #socket: string;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(child: ChildProcess, socket: string) {
    this.#child = child;
    this.#socket = socket;
  }

  static async start(binary: string, configFile: string, socket: string): Promise<WorkerdServer> {
    const child = spawn(binary, ['serve', '--experimental', configFile], { stdio: ['ignore', 'inherit', 'inherit'] });
    await once(child, 'spawn');
    const server = new WorkerdServer(child, socket);
    for (let tries = 1; ; tries++) {
      try {
        await server.prepare('0');
        return server;
      } catch (error) {
        if (tries === START_TRIES || child.exitCode !== null) throw error;
        await sleep(TRY_INTERVAL_MS);
      }
    }
  }

  async prepare(script: string): Promise<void> {
    await this.#ask('PUT', script);
  }

  async run(context: unknown): Promise<unknown> {
    return JSON.parse(await this.#ask('POST', JSON.stringify(context)));
  }

  end(): void {
    this.#agent.destroy();
    this.#child.kill();
  }

  async #ask(method: string, body: string): Promise<string> {
    const asked = request({ socketPath: this.#socket, agent: this.#agent, method, path: '/' });
    const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
    asked.end(body);
    const [response] = await answered;
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await once(response, 'end');
    if (response.statusCode !== 200) throw new Error(`workerd answers ${response.statusCode}: ${text.slice(0, 200)}`);
    return text;
  }
}
