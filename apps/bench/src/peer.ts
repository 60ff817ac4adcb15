/** One way to run a script; each peer lives in a process of its own. */
export interface Peer {
  /** Runs the workload once and returns its result. */
  runOnce(): Promise<unknown>;
  close(): Promise<void>;
}

export const SCRIPT = 'const o = { n: 20 }; o.n * 2 + 2';
export const EXPECTED = 42;
export const TENANT = { tenant: { id: 'acme' } };
