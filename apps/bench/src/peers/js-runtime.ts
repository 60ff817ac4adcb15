import { startLibrary } from '../library.ts';
import { SCRIPT, TENANT, type Peer } from '../peer.ts';

/** This library, as an application uses it: fresh realm, isolate in a process of its own. */
export async function createPeer(): Promise<Peer> {
  const library = await startLibrary({ poolSize: 2 });
  return {
    runOnce: async () => (await library.runAs(TENANT.tenant.id, SCRIPT)).value,
    close: () => library.close(),
  };
}
