/** What an execution used. It comes with every outcome of one that had a tenant and valid limits; what never came to be is 0. */
export interface UsageReceipt {
  /** From the call to the answer, in milliseconds. */
  readonly wallMs: number;
  /** Of that, waiting for a VM. */
  readonly queueMs: number;
  /**
   * CPU time of the VM process for this execution, in milliseconds. On Linux as the kernel counts it, seen from outside;
   * elsewhere as the process itself counts it.
   */
  readonly cpuMs: number;
  /**
   * The most memory that the VM process was seen to have beyond what it had when the execution began: looked at every 10 ms
   * and at the end. Elsewhere than on Linux the heap at the end.
   */
  readonly peakMemoryBytes: number;
  /** Heap of the isolate when the execution ended, with the buffers it owns, as the VM says; 0 when it could not. */
  readonly heapBytes: number;
  /** Calls of host APIs by their cost, refused ones included. */
  readonly apiCalls: number;
  /** Of the input and the result as JSON, and of the log messages, in UTF-8. */
  readonly inputBytes: number;
  readonly resultBytes: number;
  readonly logBytes: number;
  /** Whether compiled code was found, or the source had to be compiled; `none` when it did not come to that. */
  readonly compile: 'hit' | 'miss' | 'none';
}
