import type { Counts } from '../counting/counter.ts';

/*
 * While it is counted what they cost, the backend and its VMs take turns: else it would be chance whether one reads two
 * messages of the other at once, and so how often it wakes and enters the isolate. A VM stops after each write to its pipe until
 * the backend has done everything that comes of it, and when it has nothing left to do.
 *
 * It tells so, a line of JSON each, on one pipe, and then waits for a byte on it, with its thread blocked. On another one it
 * is asked to come to rest.
 */

/** VM → backend: it has stopped. */
export type Stopped =
  /** After a write. `writtenBytes`: what has left on its pipe until now. */
  | { readonly kind: 'wrote'; readonly writtenBytes: number }
  /** It has been asked to, and nothing more happens in it by itself. */
  | { readonly kind: 'rests'; readonly counts: Counts };

/** Backend → VM, the one byte: go on; `ANSWERED`: and the execution's caller has its result now. */
export const GO_ON = 0;
export const GO_ON_ANSWERED = 1;

/** Backend → VM, on the other pipe: come to rest when this much was read. */
export interface ComeToRest {
  readonly readBytes: number;
}
