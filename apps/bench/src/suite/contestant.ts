import { OURS, OURS_WARM } from './ours.ts';
import { PeerClient, PeerFailure, type MeasuredRound } from './peer-client.ts';
import type { PeerDefinition } from './peer.ts';
import { loadOf, type Condition, type Plan } from './plan.ts';
import type { LeftOut } from './results.ts';
import type { Workload } from './workload.ts';

/** A peer in the comparison, and what became of it. A process that failed is ended, and started anew for the next workload. */
export class Contestant {
  readonly definition: PeerDefinition;
  readonly leftOut: LeftOut[] = [];
  #client: PeerClient | undefined;
  #isWarm = false;
  #version: string | undefined;
  /** Of everything. */
  #isOut = false;
  /** The workload that it failed at. */
  #skipped: Workload | undefined;

  constructor(definition: PeerDefinition) {
    this.definition = definition;
  }

  get version(): string | undefined {
    return this.#version;
  }

  async start(): Promise<void> {
    await this.#unlessItFails(undefined, async () => {
      this.#client = await PeerClient.start(this.definition);
      this.#version = this.#client.version;
    });
  }

  async prepare(workload: Workload, tenants: number, { firstWarmUpMs, warmUpMs }: Plan): Promise<void> {
    if (!this.takes(workload)) return;
    await this.#unlessItFails(workload, async () => {
      this.#client ??= await PeerClient.start(this.definition);
      await this.#client.prepare(workload, tenants, this.#isWarm ? warmUpMs : firstWarmUpMs);
      this.#isWarm = true;
    });
  }

  /** Undefined when it is left out. */
  async measure(workload: Workload, plan: Plan, condition: Condition): Promise<MeasuredRound | undefined> {
    let round: MeasuredRound | undefined;
    if (!this.takes(workload)) return undefined;
    await this.#unlessItFails(workload, async () => {
      round = await this.#client?.measure(loadOf(plan, condition));
    });
    return round;
  }

  takes(workload: Workload): boolean {
    const { workloads } = this.definition;
    return !this.#isOut && this.#skipped !== workload && (workloads?.includes(workload.name) ?? true);
  }

  async end(): Promise<void> {
    await this.#client?.end();
    this.#client = undefined;
    this.#isWarm = false;
  }

  /** @throws PeerFailure for a wrong result, and for any failure of this library */
  async #unlessItFails(workload: Workload | undefined, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error;
      await this.end();
      const { name } = this.definition;
      const reason = `${name}${workload ? `, ${workload.name}` : ''}: ${error.message}`;
      if (error.isWrongResult || name === OURS || name === OURS_WARM)
        throw new PeerFailure(reason, error.isWrongResult);
      this.#leaveOut(workload, error.message);
    }
  }

  #leaveOut(workload: Workload | undefined, reason: string): void {
    this.leftOut.push({ peer: this.definition.name, ...(workload && { workload: workload.name }), reason });
    if (workload) this.#skipped = workload;
    else this.#isOut = true;
  }
}
