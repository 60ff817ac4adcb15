import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from './container.ts';
import { buildImage, type Image } from './image-builder.ts';

/*
 * Takes the steps of the Dockerfile in clean folders, without an engine, starts what came of it the way a container would, and
 * asks it to run a script and to end. Nothing of it is left behind. Exit code 1 when anything is not as it should be.
 */

const CONTEXT = resolve(import.meta.dirname, '../..');
const START_TIMEOUT_MS = 60_000;

const directory = mkdtempSync(join(tmpdir(), 'js-runtime-image-'));
// The image's user has to get in.
chmodSync(directory, 0o755);
try {
  const image = buildImage({ context: CONTEXT, directory, node: process.execPath, report: say });
  checkContents(image);
  await rehearse(image);
  say('The image does what it should.');
} catch (error) {
  say(`FAILED: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  // Who is not root has made them read-only, and could not remove them so.
  spawnSync('chmod', ['-R', 'u+w', directory]);
  rmSync(directory, { recursive: true, force: true });
}

/** Only what is needed to run is in it. */
function checkContents({ root, workdir, healthcheck, user }: Image): void {
  const lock = JSON.parse(readFileSync(join(CONTEXT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const forDevelopment = Object.keys(lock.packages).filter((path) => lock.packages[path]?.dev);
  for (const path of [...forDevelopment, 'src', 'test', '.git', 'libs/js-runtime/src']) {
    check(!existsSync(join(root, workdir, path)), `${path} is in the image`);
  }
  check(healthcheck !== undefined, 'there is no HEALTHCHECK');
  check(user !== undefined, 'there is no USER');
}

async function rehearse(image: Image): Promise<void> {
  const key = randomBytes(16).toString('hex');
  const container = await Container.start(image, { TENANT_KEYS: `rehearsal:${key}`, JS_RUNTIME_POOL_SIZE: '2' });
  try {
    say(`Started: ${container.walls}`);
    await untilHealthy(container);
    await expectAnswer(container.url, key);
    await expectAnswer(fromOutside(container.url), key);
    check(container.processes().length > 1, 'there is no VM process');
    const { code, signal } = await container.end('SIGTERM');
    if (container.hasEntrypoint) {
      check(code === 0, `it ended with ${signal ?? code} after SIGTERM, not with 0`);
    } else {
      say(`Without the entrypoint ${image.entrypoint[0]}, which is not to be had here`);
      check(code === 0 || signal === 'SIGTERM', `it ended with ${signal ?? code} after SIGTERM`);
    }
    check(!container.isHealthy(), 'the health check finds it healthy although it has ended');
    check(container.processes().length === 0, 'processes of it are left');
  } catch (error) {
    say(container.output);
    throw error;
  } finally {
    await container.end('SIGKILL');
  }
}

async function untilHealthy(container: Container): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MS;
  while (!container.isHealthy()) {
    check(!container.hasEnded, 'it ended before it was healthy');
    check(performance.now() < until, `it is not healthy after ${START_TIMEOUT_MS} ms`);
    await sleep(100);
  }
}

async function expectAnswer(url: string, key: string): Promise<void> {
  const response = await fetch(`${url}/v1/executions`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ wrap: 'function', script: 'return { tenant: context.tenant.id, sum: 20 + 22 };' }),
  });
  const text = await response.text();
  check(response.status === 200, `an execution was answered with ${response.status}: ${text}`);
  const { result } = JSON.parse(text) as { result?: { tenant?: string; sum?: number } };
  check(result?.tenant === 'rehearsal' && result.sum === 42, `an execution came to ${text}`);
}

/** By an address that others have for this machine, if it has one: in a container, nobody comes by loopback. */
function fromOutside(url: string): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outer = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  return outer ? url.replace('127.0.0.1', outer.address) : url;
}

function check(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
