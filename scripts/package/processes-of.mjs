import { readdir, readFile } from 'node:fs/promises';

/** The command lines of all processes that have `text` in theirs; none where the system has no /proc. */
export async function processesOf(text) {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(text)).map((line) => line.replaceAll('\0', ' '));
}
