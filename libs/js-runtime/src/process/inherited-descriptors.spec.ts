import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';

const onLinux = process.platform === 'linux' ? describe : describe.skip;
const program = fileURLToPath(new URL('../../test-support/list-descriptors.ts', import.meta.url));
/** Beyond those that Node closes by itself, which end at the first gap. */
const GIVEN = 40;

/** What a program gets from a backend that was given a file as descriptor `GIVEN`. */
async function descriptorsOf(): Promise<Record<string, string>> {
  const file = openSync(program, 'r');
  const stdio = ['ignore', 'pipe', 'inherit', ...new Array<'ignore'>(GIVEN - 3).fill('ignore'), file] as const;
  const backend = spawn(process.execPath, [program], { stdio: [...stdio] });
  closeSync(file);
  return Object.fromEntries(JSON.parse(await text(backend.stdout as Readable)) as [string, string][]);
}

onLinux('vmStdio', () => {
  it('passes on a pipe, and nothing of what the backend was given', async () => {
    const descriptors = await descriptorsOf();
    expect(descriptors).toMatchObject({ 0: '/dev/null', 1: '/dev/null', 2: '/dev/null', [GIVEN]: '/dev/null' });
    expect(descriptors[3]).toMatch(/^socket:/);
    expect(Object.values(descriptors)).not.toContain(program);
  });
});
