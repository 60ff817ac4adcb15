import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contextOf, deployedOf, type Workload } from '../../workload.ts';
import { WorkerdServer } from './server.ts';
import { UnixClient } from './unix-client.ts';
import { warmConfigOf, type WarmWorker } from './warm-config.ts';
import { deployedSource } from './worker-source.ts';

export interface WarmWorkersOptions {
  readonly binary: string;
  readonly folder: string;
  readonly backendSocket: string;
  readonly processes: number;
}

/** Processes with a worker for each tenant, which is kept. One tenant alone has one in each. */
export class WarmWorkers {
  readonly #servers: WorkerdServer[] = [];
  readonly #clients = new Map<string, UnixClient[]>();
  #runs = 0;

  static async start(options: WarmWorkersOptions, workload: Workload, tenants: number): Promise<WarmWorkers> {
    const workers = new WarmWorkers();
    await writeFile(join(options.folder, 'deployed.mjs'), deployedSource(deployedOf(workload)));
    for (let n = 0; n < options.processes; n++) {
      const ids = Array.from({ length: tenants }, (_, tenant) => tenant)
        .filter((tenant) => tenants < options.processes || tenant % options.processes === n)
        .map((tenant) => `tenant-${tenant}`);
      await workers.#startProcess(options, n, ids);
    }
    return workers;
  }

  async run(tenantId: string): Promise<unknown> {
    const clients = this.#clients.get(tenantId) ?? [];
    const client = clients[this.#runs++ % clients.length];
    if (!client) throw new Error(`there is no worker of ${tenantId}`);
    return JSON.parse(await client.ask('POST', JSON.stringify(contextOf(tenantId)))) as unknown;
  }

  async end(): Promise<void> {
    for (const client of [...this.#clients.values()].flat()) client.close();
    await Promise.all(this.#servers.map(async (server) => server.end()));
  }

  async #startProcess(options: WarmWorkersOptions, n: number, tenantIds: readonly string[]): Promise<void> {
    const { binary, folder, backendSocket } = options;
    const workers: WarmWorker[] = tenantIds.map((tenantId) => ({ tenantId, socket: join(folder, `${n}-${tenantId}`) }));
    const config = join(folder, `config-${n}.capnp`);
    await writeFile(config, warmConfigOf(workers, backendSocket));
    for (const { tenantId, socket } of workers) {
      const clients = this.#clients.get(tenantId) ?? [];
      clients.push(new UnixClient(socket));
      this.#clients.set(tenantId, clients);
    }
    const [first = ''] = tenantIds;
    const client = this.#clients.get(first)?.at(-1);
    const ask = async (): Promise<unknown> => client?.ask('POST', JSON.stringify(contextOf(first)));
    this.#servers.push(await WorkerdServer.start(binary, config, ask));
  }
}
