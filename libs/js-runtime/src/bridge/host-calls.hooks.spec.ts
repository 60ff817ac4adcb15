import { createHook } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';

describe('The asynchronous context of an execution', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime();
  });

  afterAll(async () => runtime.close());

  it('is told to be gone to whoever watches with async_hooks: a map of what lives, such as a tracer has, does not grow', async () => {
    const living = new Set<number>();
    let made = 0;
    const hook = createHook({
      init(id, type) {
        if (type !== 'ScriptCalls') return;
        made++;
        living.add(id);
      },
      destroy(id) {
        living.delete(id);
      },
    }).enable();
    try {
      for (let run = 0; run < 50; run++) await runtime.run('1');
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      setFlagsFromString('--no-expose-gc');
      for (let tries = 0; living.size > 10 && tries < 20; tries++) {
        collect();
        await sleep(10);
      }
    } finally {
      hook.disable();
    }
    expect(made).toBe(50);
    expect(living.size).toBeLessThanOrEqual(10);
  });
});
