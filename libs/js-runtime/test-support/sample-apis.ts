import { once } from 'node:events';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ScriptApi } from '../src/host-api/script-api.decorator.ts';
import type { ScriptCall } from '../src/host-api/script-call.ts';
import { ScriptMethod } from '../src/host-api/script-method.decorator.ts';

/** Calls that a test holds: each waits until the test lets it go, and notes how it ended. */
@ScriptApi('held')
@Injectable()
export class HeldApi {
  readonly calls: HeldCall[] = [];
  #onCall: (() => void) | undefined;

  /** Answers when the test says so, whatever becomes of the execution. */
  @ScriptMethod({ input: z.unknown() })
  async stubborn(input: unknown, call: ScriptCall): Promise<unknown> {
    return this.#hold(input, call).answer.promise;
  }

  /** Gives up when it is told to. */
  @ScriptMethod({ input: z.unknown() })
  async obedient(input: unknown, call: ScriptCall): Promise<unknown> {
    const held = this.#hold(input, call);
    const aborted = once(call.signal, 'abort').then(() => {
      held.hasRolledBack = true;
      throw call.signal.reason;
    });
    return Promise.race([held.answer.promise, aborted]);
  }

  @ScriptMethod({ input: z.unknown(), timeoutMs: 20 })
  async slow(input: unknown, call: ScriptCall): Promise<unknown> {
    return this.#hold(input, call).answer.promise;
  }

  @ScriptMethod({ input: z.unknown(), timeoutMs: 60_000 })
  async patient(input: unknown, call: ScriptCall): Promise<unknown> {
    return this.#hold(input, call).answer.promise;
  }

  /** The call of this number, once it has been made. */
  async made(number = 0): Promise<HeldCall> {
    for (;;) {
      const held = this.calls[number];
      if (held) return held;
      await new Promise<void>((resolve) => (this.#onCall = resolve));
    }
  }

  #hold(input: unknown, call: ScriptCall): HeldCall {
    const held: HeldCall = { input, call, signal: call.signal, answer: Promise.withResolvers(), hasRolledBack: false };
    this.calls.push(held);
    this.#onCall?.();
    return held;
  }
}

export interface HeldCall {
  readonly input: unknown;
  readonly call: ScriptCall;
  readonly signal: AbortSignal;
  readonly answer: PromiseWithResolvers<unknown>;
  hasRolledBack: boolean;
}

/** Answers at once, and counts. */
@ScriptApi('echo')
@Injectable()
export class EchoApi {
  calls = 0;

  @ScriptMethod({ input: z.unknown() })
  say(input: unknown): unknown {
    this.calls++;
    return input;
  }

  @ScriptMethod({ input: z.unknown(), cost: 5 })
  dear(input: unknown): unknown {
    this.calls++;
    return input;
  }

  @ScriptMethod({ input: z.unknown(), maxArgumentValues: 10 })
  few(input: unknown): unknown {
    return input;
  }

  @ScriptMethod({ permission: 'secrets:read' })
  secret(): string {
    this.calls++;
    return 'secret';
  }
}
