import type { BackendProcess } from './backend-process.ts';

export type LogLine = Readonly<Record<string, unknown>>;

/** What a backend writes to its standard output, from its start on. */
export class LogLines {
  #text: string;
  #onMore: (() => void) | undefined;

  /** To be made as soon as the backend has started, so that nothing is missed. */
  constructor(backend: BackendProcess) {
    this.#text = backend.output;
    backend.child.stdout?.on('data', (chunk) => {
      this.#text += String(chunk);
      this.#onMore?.();
    });
  }

  get text(): string {
    return this.#text;
  }

  /** Those of JSON, which are all but the command to try. */
  get all(): LogLine[] {
    const complete = this.#text.split('\n').slice(0, -1);
    return complete.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
  }

  /** The first line that is so, once it has been written. */
  async find(isIt: (line: LogLine) => boolean): Promise<LogLine> {
    await this.until(() => this.all.some(isIt));
    return this.all.find(isIt) ?? {};
  }

  /** Resolves when enough has been written for something to be so; Jest's time limit is the only one. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#onMore = resolve));
  }
}
