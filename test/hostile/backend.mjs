import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { VmPoolService } from 'nestjs-js-runtime';

/*
 * The built backend in a process of its own, as `npm start` runs it, except that it tells its parent about its pool: which
 * VMs ended and why is nothing that HTTP says.
 */

// Not a literal: there is nothing to check before it is built.
const { createApp } = await import(new URL('../../dist/create-app.js', import.meta.url).href);
const app = await createApp({ logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
const pool = app.get(VmPoolService);
const poolSize = Number(process.env.JS_RUNTIME_POOL_SIZE);

/** All VMs are there and idle, so that the next attack meets what the last has left, and nothing else. */
const isAtRest = ({ available, recycling, inUse, ending, starting, waiting }) =>
  available >= poolSize && recycling + inUse + ending + starting + waiting === 0;

process.on('message', async ({ id, waits }) => {
  while (waits && !isAtRest(pool.stats())) await sleep(2);
  process.send({ id, stats: pool.stats(), vms: pool.vms() });
});
// Whatever ends the parent ends the backend, and that its VMs.
process.on('disconnect', () => process.exit(1));
process.send({ url: await app.getUrl() });
