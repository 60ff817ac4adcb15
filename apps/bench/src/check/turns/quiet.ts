import { uncounted } from '../counting/uncounted.ts';

/** Turns of the event loop in which nothing must have happened. */
const QUIET_TURNS = 4;
const LOOK_AGAIN_MS = 1;

export interface Activity {
  /** Grows whenever something is done. */
  total(): number;
  /** Whether something is under way that will be done by itself. */
  isWaiting(): boolean;
}

/** Calls back when this process has done all that it can do by itself. */
export function whenQuiet(activity: Activity, done: () => void): void {
  let total = activity.total();
  let quietTurns = 0;
  const look = (): void => {
    quietTurns = activity.total() === total ? quietTurns + 1 : 0;
    total = activity.total();
    if (quietTurns < QUIET_TURNS) uncounted.setImmediate(look);
    else if (activity.isWaiting()) uncounted.setTimeout(look, LOOK_AGAIN_MS);
    else done();
  };
  uncounted.setImmediate(look);
}

/** Whether the process waits for the system: for a file, a name, or another process than the `expected` ones to end. */
export function waitsForSystem(expectedProcesses: number): boolean {
  let processes = 0;
  for (const resource of process.getActiveResourcesInfo()) {
    if (resource === 'ProcessWrap') processes++;
    else if (/Req|WriteWrap/.test(resource)) return true;
  }
  return processes > expectedProcesses;
}
