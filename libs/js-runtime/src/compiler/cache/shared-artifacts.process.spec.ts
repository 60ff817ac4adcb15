import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isRedisLeftOut, LEFT_OUT } from '../../../test-support/find-redis-server.ts';
import { RedisServer } from '../../../test-support/redis-server.ts';
import { startRuntime, until } from '../../../test-support/start-runtime.ts';

const withRedis = isRedisLeftOut() ? describe.skip : describe;

const SECRET = 'a secret of the tests, long enough';

/** What a process says that runs this program against the library as it was built. */
async function outputOf(program: string): Promise<string> {
  const library = new URL('../../../dist/', import.meta.url).href;
  const args = ['--input-type=module', '-e', program.replaceAll('LIBRARY/', library)];
  return (await promisify(execFile)(process.execPath, args)).stdout.trim();
}

describe('A process that shares nothing', () => {
  it('has nothing of Redis', async () => {
    const program = `
      import { createRequire } from 'node:module';
      import { compileOptions } from 'LIBRARY/config/compile-options.js';
      import { SharedArtifacts } from 'LIBRARY/compiler/cache/shared-artifacts.js';
      await import('LIBRARY/index.js');
      const shared = new SharedArtifacts(compileOptions({}));
      shared.onModuleInit();
      await new Promise(setImmediate);
      const files = Object.keys(createRequire(import.meta.url).cache);
      console.log(files.length > 0, files.filter((file) => file.includes('@redis')).length);`;
    await expect(outputOf(program)).resolves.toBe('true 0');
  });
});

withRedis(`A process that shares artifacts in Redis${LEFT_OUT}`, () => {
  const servers: RedisServer[] = [];

  async function startRedis(): Promise<RedisServer> {
    const server = await RedisServer.start();
    servers.push(server);
    return server;
  }

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  it.each(['answers', 'hangs', 'is gone'])('is not kept from ending when Redis %s', async (state) => {
    const server = await startRedis();
    if (state === 'hangs') await server.pause();
    if (state === 'is gone') await server.kill();
    const program = `
      import { compileOptions } from 'LIBRARY/config/compile-options.js';
      import { SharedArtifacts } from 'LIBRARY/compiler/cache/shared-artifacts.js';
      const options = { cacheRedisUrl: '${server.url}', cacheSecret: '${SECRET}' };
      const shared = new SharedArtifacts(compileOptions(options));
      shared.onModuleInit();
      while (shared.stats().state === 'connecting') await new Promise((resolve) => setTimeout(resolve, 1));
      await shared.get('acme', 'a');
      process.on('exit', () => console.log(shared.stats().state));`;
    await expect(outputOf(program)).resolves.toMatch(state === 'answers' ? /^up$/m : /^down$/m);
  });

  it('finds what another has compiled', async () => {
    const server = await startRedis();
    const options = { poolSize: 1, cacheRedisUrl: server.url, cacheSecret: SECRET, cacheRedisTimeoutMs: 20_000 };
    const runtimes = [await startRuntime(options), await startRuntime(options)];
    try {
      for (const { compiler } of runtimes) await until(() => compiler.stats().shared.state === 'up');
      const [one, other] = runtimes;
      await one?.run('"compiled once"');
      while (!(await server.run('DBSIZE')));
      await expect(other?.run('"compiled once"')).resolves.toMatchObject({
        value: 'compiled once',
        usage: { compile: 'hit' },
      });
      expect(other?.compiler.stats()).toMatchObject({ hits: 1, shared: { hits: 1 } });
    } finally {
      for (const runtime of runtimes) await runtime.close();
    }
  });

  it('starts, runs scripts and ends when Redis hangs', async () => {
    const server = await startRedis();
    await server.pause();
    const runtime = await startRuntime({ poolSize: 1, cacheRedisUrl: server.url, cacheSecret: SECRET });
    await expect(runtime.run('1 + 1')).resolves.toMatchObject({ value: 2 });
    await runtime.close();
    expect(runtime.compiler.stats().shared.state).toBe('off');
  });
});
