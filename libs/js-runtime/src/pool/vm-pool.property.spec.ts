import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { PoolWalk, STEP_KINDS, type Step } from '../../test-support/pool-walk.ts';
import type { JsRuntimeOptions } from '../config/options.schema.ts';

const { jest } = import.meta;

const anyOptions: fc.Arbitrary<JsRuntimeOptions> = fc
  .record({
    poolSize: fc.integer({ min: 1, max: 3 }),
    extra: fc.integer({ min: 0, max: 2 }),
    tenantConcurrency: fc.integer({ min: 1, max: 3 }),
    tenantQueueSize: fc.integer({ min: 0, max: 4 }),
    queueSize: fc.integer({ min: 1, max: 10 }),
    vmMaxUses: fc.integer({ min: 2, max: 20 }),
    vmMaxAgeMs: fc.constantFrom(5000, 3_600_000),
    healthIntervalMs: fc.constantFrom(700, 30_000),
  })
  .map(({ extra, ...options }) => ({ ...options, maxVms: options.poolSize + extra, drainTimeoutMs: 1000 }));

/** What moves things along happens more often than what breaks them. */
const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('acquire' as const) },
    { weight: 3, arbitrary: fc.constantFrom('release' as const) },
    { weight: 4, arbitrary: fc.constantFrom(...STEP_KINDS) },
  ),
  pick: fc.nat({ max: 10_000 }),
});

describe('VmPoolService, whatever happens', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('lends rightly, counts rightly, forgets nobody, and recovers', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        anyOptions,
        fc.array(anyStep, { minLength: 20, maxLength: 200, size: 'max' }),
        async (options, steps) => {
          // Of a run that failed.
          jest.clearAllTimers();
          const walk = new PoolWalk(options);
          await walk.pool.onModuleInit();
          for (const step of steps) {
            await walk.take(step);
            expect(walk.faults).toEqual([]);
          }
          for (const ending of walk.endings) seen.add(ending);

          await walk.recover();
          expect(walk.faults).toEqual([]);
          expect(walk.stillWaiting).toBe(0);
          const { poolSize } = options;
          expect(walk.pool.stats()).toMatchObject({
            available: poolSize,
            inUse: 0,
            ending: 0,
            starting: 0,
            waiting: 0,
          });
          for (const [reason, count] of Object.entries(walk.pool.stats().destroyedBy)) if (count > 0) seen.add(reason);

          await walk.pool.close();
          expect(walk.factory.living).toEqual([]);
          expect(walk.pool.stats()).toMatchObject({
            available: 0,
            recycling: 0,
            ending: 0,
            starting: 0,
            accepting: false,
          });
          expect(jest.getTimerCount()).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
    // The walks have been everywhere.
    const everywhere = ['leased', 'POOL_EXHAUSTED', 'TENANT_BUSY', 'CANCELLED', 'OVERLOADED'];
    const endings = ['age', 'uses', 'unhealthy', 'crashed', 'wall', 'overflow', 'load', 'rebind', 'lowered'];
    expect([...seen]).toEqual(expect.arrayContaining([...everywhere, ...endings]));
  });

  it('ends everything when it is closed, in whatever state it is', async () => {
    const someSteps = fc.array(anyStep, { minLength: 1, maxLength: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(anyOptions, someSteps, async (options, steps) => {
        // Of a run that failed.
        jest.clearAllTimers();
        const walk = new PoolWalk(options);
        await walk.pool.onModuleInit();
        for (const step of steps) await walk.take(step);
        const closed = walk.pool.close();
        await walk.recover();
        await closed;
        expect(walk.factory.living).toEqual([]);
        expect(walk.stillWaiting).toBe(0);
        const none = { available: 0, recycling: 0, inUse: 0, ending: 0, starting: 0, waiting: 0, accepting: false };
        expect(walk.pool.stats()).toMatchObject(none);
        expect(jest.getTimerCount()).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
