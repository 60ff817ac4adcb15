import { Injectable } from '@nestjs/common';
import { ScriptApi, ScriptMethod, type ScriptCall } from 'nestjs-js-runtime';
import { z } from 'zod';

/** What one call of {@link BigApi} gives. */
export const BIG_CHARS = 1_000_000;

/** Host APIs that remember what was made of them. */
@ScriptApi('bait')
@Injectable()
export class BaitApi {
  static calls = 0;
  /** Of the calls that are not answered until they are told to stop. */
  static signals: AbortSignal[] = [];

  static reset(): void {
    this.calls = 0;
    this.signals = [];
  }

  @ScriptMethod({ input: z.tuple([]).rest(z.unknown()) })
  echo(args: readonly unknown[]): unknown {
    BaitApi.calls++;
    return args;
  }

  @ScriptMethod({ input: z.tuple([]).rest(z.unknown()) })
  async wait(_: readonly unknown[], { signal }: ScriptCall): Promise<void> {
    BaitApi.calls++;
    BaitApi.signals.push(signal);
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
  }

  @ScriptMethod()
  big(): string {
    BaitApi.calls++;
    return 'x'.repeat(BIG_CHARS);
  }

  @ScriptMethod()
  denied(): void {
    BaitApi.calls++;
  }
}
