import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('../scripts/docs-config.mjs', import.meta.url));
const REFERENCE = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));

/** Rejects when it ends with an exit code other than 0. */
const run = (...args: string[]): Promise<{ stderr: string }> =>
  promisify(execFile)(process.execPath, [SCRIPT, ...args]);

describe('docs/configuration.md', () => {
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'configuration-'));
    file = join(folder, 'configuration.md');
  });

  afterAll(async () => rm(folder, { recursive: true }));

  it('is what the schemas say', async () => {
    await run('--check');
    await run(file);
    expect(await readFile(file, 'utf8')).toBe(await readFile(REFERENCE, 'utf8'));
  });

  it('fails the check when it is not, or not there, and is left alone', async () => {
    const old = (await readFile(REFERENCE, 'utf8')).replace('`3000`', '`3001`');
    await writeFile(file, old);
    await expect(run('--check', file)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('docs:config'),
    });
    expect(await readFile(file, 'utf8')).toBe(old);
    await expect(run('--check', `${file}.not`)).rejects.toMatchObject({ code: 1 });
  });

  it('has variables, ranges, defaults, effects, who else may set them, and which are secret', async () => {
    const text = await readFile(REFERENCE, 'utf8');
    const rowOf = (name: string): string[] | undefined =>
      text
        .split('\n')
        .find((line) => line.startsWith(`| \`${name}\` `))
        ?.split('|')
        .map((cell) => cell.trim());
    expect(rowOf('PORT')?.slice(2, 4)).toEqual(['0 to 65535', '`3000`']);
    expect(rowOf('TENANT_KEYS')?.[4]).toMatch(/^\*\*Secret\.\*\* /);
    expect(rowOf('JS_RUNTIME_TIMEOUT_MS')?.slice(2, 6)).toEqual([
      '`timeoutMs`',
      '1 to 86400000',
      '`30000`',
      'tenant, request, HTTP',
    ]);
    expect(rowOf('JS_RUNTIME_MAX_LOG_BYTES')?.[5]).toBe('tenant, request');
    expect(rowOf('JS_RUNTIME_TENANT_WEIGHT')?.[5]).toBe('tenant');
    expect(rowOf('JS_RUNTIME_POOL_SIZE')?.[5]).toBe('');
    expect(rowOf('JS_RUNTIME_AUDIT_ENABLED')?.[3]).toBe('`true`, `false`');
    expect(rowOf('JS_RUNTIME_CACHE_SECRET')?.[6]).toMatch(/^\*\*Secret\.\*\* /);
  });
});
