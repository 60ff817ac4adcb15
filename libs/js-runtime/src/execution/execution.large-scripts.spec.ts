import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';

/** A source whose code cache is many times its size. */
const manyFunctions = (id: number, count: number): string => `/*${id}*/0;${'(()=>{});'.repeat(count)}1`;

describe('Large scripts', () => {
  let runtime: TestRuntime;
  beforeAll(async () => {
    runtime = await startRuntime({ poolSize: 1 });
  });
  afterAll(async () => {
    await runtime.close();
  });

  it('run although their code cache is too large to hand over', async () => {
    const source = manyFunctions(0, 50_000);
    for (let turn = 0; turn < 2; turn++) await expect(runtime.valueOf(source)).resolves.toBe(1);
  });

  it('do not fill the heap of their isolate, however many there are', async () => {
    for (let index = 0; index < 40; index++) {
      const source = `/*${index}*/"${'x'.repeat(1_000_000)}".length`;
      await expect(runtime.valueOf(source)).resolves.toBe(1_000_000);
    }
    // isolated-vm 7.0.1 gives back no memory of the code caches that it makes, 1 MB each here, so every now and then a VM is replaced.
    const { memory, ...others } = runtime.pool.stats().destroyedBy;
    expect(memory).toBeLessThan(10);
    expect(Object.values(others).every((count) => count === 0)).toBe(true);
  });

  it('that do not compile within the heap end with MEMORY_LIMIT_EXCEEDED, and the next one answers', async () => {
    const small = await startRuntime({ poolSize: 1, maxMemoryMb: 8 });
    try {
      const source = `[${'{a:"b",c:[1,2,{d:3}]},'.repeat(45_000)}].length`;
      await expect(small.errorOf(source)).resolves.toMatchObject({ code: 'MEMORY_LIMIT_EXCEEDED' });
      await expect(small.valueOf('1 + 1')).resolves.toBe(2);
    } finally {
      await small.close();
    }
  });
});
