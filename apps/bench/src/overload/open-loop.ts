import { once } from 'node:events';
import { arrivalsOf, type Schedule } from './arrivals.ts';
import { nowMs } from './clock.ts';
import { startMetronome } from './metronome.ts';

export interface OpenLoop {
  readonly schedule: Schedule;
  /** What arrives within so long arrives together; else a fast schedule would be nothing but wake-ups. */
  readonly minGapMs: number;
  /** Makes a request, which must not fail. `index`: how many have come before. */
  readonly request: (arrival: Arrival) => Promise<void>;
}

export interface Arrival {
  readonly index: number;
  /** When it should come, of `nowMs()`: what it takes counts from then, however late it was made. */
  readonly dueAt: number;
  /** The same, from the start of the schedule. */
  readonly atMs: number;
}

/** So many at once, then whatever else there is to do: a server reads some of its sockets, too, and then sees to its work. */
const MAX_BURST = 64;
/** A thread takes some time to start. */
const LEAD_MS = 200;

/**
 * Makes requests when they are due, whether or not those before have been answered: who is slow is asked all the same. Resolves
 * when all have been answered; gives how late each was made, in milliseconds.
 */
export async function runOpenLoop({ schedule, minGapMs, request }: OpenLoop): Promise<number[]> {
  const startsAt = nowMs() + LEAD_MS;
  const arrivals = arrivalsOf(schedule);
  const lagsMs: number[] = [];
  const { promise: allAnswered, resolve } = Promise.withResolvers<undefined>();
  let unanswered = 0;
  let isBehind = false;
  let next = arrivals.next();

  const answered = (): void => {
    unanswered--;
    if (next.done && unanswered === 0) resolve(undefined);
  };
  const fireDue = (): void => {
    const now = nowMs();
    for (let count = 0; !next.done && startsAt + next.value <= now; count++) {
      if (count === MAX_BURST) {
        isBehind = true;
        setImmediate(fireDue);
        return;
      }
      const atMs = next.value;
      const dueAt = startsAt + atMs;
      const index = lagsMs.push(now - dueAt) - 1;
      next = arrivals.next();
      unanswered++;
      void request({ index, dueAt, atMs }).then(answered);
    }
    isBehind = false;
  };
  const onBeat = (): void => {
    if (!isBehind) fireDue();
  };
  const metronome = startMetronome({ schedule, startsAt, minGapMs }, onBeat);
  await once(metronome, 'exit');
  // Whatever has not been made is due by now.
  onBeat();
  if (lagsMs.length > 0 || !next.done) await allAnswered;
  return lagsMs;
}
