import { arrivalsOf, type Schedule } from './arrivals.ts';
import { runOpenLoop, type Arrival } from './open-loop.ts';

describe('runOpenLoop', () => {
  const SCHEDULE: Schedule = { kind: 'even', perSecond: 1000, forMs: 100, seed: 1 };

  it('makes every request of the schedule, none before it is due', async () => {
    const arrivals: Arrival[] = [];
    const lagsMs = await runOpenLoop({
      schedule: SCHEDULE,
      minGapMs: 0.1,
      request: (arrival) => {
        arrivals.push(arrival);
        return Promise.resolve();
      },
    });
    expect(arrivals.map(({ index }) => index)).toEqual(Array.from({ length: 99 }, (_, index) => index));
    expect(arrivals.map(({ atMs }) => Math.round(atMs))).toEqual(Array.from({ length: 99 }, (_, index) => index + 1));
    expect(Math.min(...lagsMs)).toBeGreaterThanOrEqual(0);
  });

  it('does not wait for answers, and ends when it has all of them', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let made = 0;
    let answered = 0;
    await runOpenLoop({
      schedule: SCHEDULE,
      minGapMs: 0.1,
      request: async () => {
        made++;
        // Only with the last is any answered.
        if (made === 99) resolve(undefined);
        await promise;
        answered++;
      },
    });
    expect(answered).toBe(99);
  });

  it('lets other work in between when much is due at once', async () => {
    const made: number[] = [];
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const schedule = { ...SCHEDULE, perSecond: 10_000 };
    await runOpenLoop({
      schedule,
      // All of it in one beat.
      minGapMs: 1000,
      request: () => {
        made.push(turns);
        return Promise.resolve();
      },
    });
    isOver = true;
    const perTurn = new Map<number, number>();
    for (const number of made) perTurn.set(number, (perTurn.get(number) ?? 0) + 1);
    expect(made).toHaveLength([...arrivalsOf(schedule)].length);
    expect(Math.max(...perTurn.values())).toBeLessThanOrEqual(64);
  });

  it('ends when nothing is due', async () => {
    const request = (): Promise<void> => Promise.reject(new Error('nothing was due'));
    await expect(runOpenLoop({ schedule: { ...SCHEDULE, perSecond: 1 }, minGapMs: 1, request })).resolves.toEqual([]);
  });
});
