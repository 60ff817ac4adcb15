import type { VmCall } from './vm-request.ts';

/** What is told of the calls that are made before a request is answered. @throws ProtocolError for what cannot be */
export type OnCall = (call: VmCall) => void;

/** What may make calls until it is answered. */
export interface Caller {
  readonly id: number;
  /** Undefined when there may be no calls. */
  readonly onCall: OnCall | undefined;
  /** Number of the last call. */
  lastCall: number;
  /** Nobody waits for it any more. */
  isOver: boolean;
}
