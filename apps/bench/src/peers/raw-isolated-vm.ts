import ivm from 'isolated-vm';
import { SCRIPT, TENANT, type Peer } from '../peer.ts';

/** isolated-vm called the usual way: asynchronously, in the caller's own process, with a fresh context per run. */
export async function createPeer(): Promise<Peer> {
  const isolate = new ivm.Isolate({ memoryLimit: 64 });
  const script = await isolate.compileScript(SCRIPT);
  return {
    async runOnce() {
      const context = await isolate.createContext();
      await context.global.set('context', TENANT, { copy: true });
      const result: unknown = await script.run(context, { timeout: 30_000 });
      context.release();
      return result;
    },
    close: async () => {
      isolate.dispose();
      return Promise.resolve();
    },
  };
}
