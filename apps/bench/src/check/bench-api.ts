import { Injectable } from '@nestjs/common';
import { ScriptApi, ScriptMethod } from 'nestjs-js-runtime';
import { z } from 'zod';

const number = z.strictObject({ n: z.int() });

/** What the scripts of the scenarios may call. */
export class BenchApi {
  readonly #held: (() => void)[] = [];
  #onHeld: (() => void) | undefined;

  echo({ n }: z.output<typeof number>): z.output<typeof number> {
    return { n };
  }

  /** Keeps the script waiting until `letGo`. */
  async hold(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#held.push(resolve);
      this.#onHeld?.();
    });
  }

  /** Resolves when so many scripts wait. */
  async holds(count: number): Promise<void> {
    while (this.#held.length < count) await new Promise<void>((resolve) => (this.#onHeld = resolve));
  }

  letGo(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

// As decorators would: Node runs this file as it is, and has none.
Injectable()(BenchApi);
ScriptApi('bench')(BenchApi);
ScriptMethod({ permission: 'bench:echo', input: number, output: number })(
  BenchApi.prototype,
  'echo',
  descriptorOf('echo'),
);
ScriptMethod({ permission: 'bench:hold' })(BenchApi.prototype, 'hold', descriptorOf('hold'));

function descriptorOf<Name extends 'echo' | 'hold'>(name: Name): TypedPropertyDescriptor<BenchApi[Name]> {
  return Object.getOwnPropertyDescriptor(BenchApi.prototype, name) ?? {};
}
