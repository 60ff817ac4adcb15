/** What an execution used. */
export interface UsageReceipt {
  /** From the call to the result, in milliseconds. */
  readonly wallMs: number;
  /** Of that, waiting for a VM. */
  readonly queueMs: number;
  /** CPU time of the VM process, in milliseconds, as the process itself counts it. */
  readonly cpuMs: number;
  /** Heap of the isolate when the execution ended, with the buffers it owns. */
  readonly heapBytes: number;
  /** Calls of host APIs. */
  readonly apiCalls: number;
  /** Whether compiled code was found, or the source had to be compiled. */
  readonly compile: 'hit' | 'miss';
}
