import type { Workload } from './workload.ts';

/** What stands between a script and something else, strongest first. */
export type Boundary = 'process' | 'isolate' | 'wasm' | 'realm' | 'none';

/**
 * What a run finds of its tenant's earlier ones. `fresh`: nothing. `kept, hardened`: the realm is kept, and all in it that a run could
 * leave something in is frozen, but what its module declares itself. `kept`: whatever they have left. `none`: nothing is run.
 */
export type State = 'fresh' | 'kept, hardened' | 'kept' | 'none';

export interface Isolation {
  /** Between a script and the backend. */
  readonly fromBackend: Boundary;
  /** Between the scripts of two tenants. */
  readonly betweenTenants: Boundary;
  readonly state: State;
  /** What a run has for globals. */
  readonly globals: string;
}

/** One way to run scripts. Its file exports it as `peer`, and loads what it needs in `start` only: the process that reports loads no peer. */
export interface PeerDefinition {
  readonly name: string;
  readonly title: string;
  /** `import.meta.url` */
  readonly file: string;
  readonly isolation: Isolation;
  /** How it is used here, where that is a choice. */
  readonly use: string;
  /** What has to be there of `apps/bench/peers`; the first one's version is shown. */
  readonly packages: readonly string[];
  /** The only workloads that it takes, by name; without it, all. */
  readonly workloads?: readonly string[];
  /** Flags of Node for the peer's process. */
  readonly execArgv?: readonly string[];
  start(machine: PeerMachine): Promise<Peer>;
}

export interface PeerMachine {
  readonly cores: number;
}

export interface Peer {
  /** Where the version is not one of a package in `apps/bench/peers`. */
  readonly version?: string;
  /**
   * Does what can be done ahead of the runs, as compiling.
   *
   * @param tenants how many there will be: peers may keep something for each
   */
  prepare(workload: Workload, tenants: number): Promise<Prepared>;
  close(): Promise<void>;
}

export interface Prepared {
  run(tenantId: string): Promise<unknown>;
  close(): Promise<void>;
}

/** A peer that has nothing to end. */
export async function nothing(): Promise<void> {
  return Promise.resolve();
}
