import { spawn } from 'node:child_process';

const MAX_OUTPUT_CHARS = 8_000;

/**
 * Runs a program to its end and resolves to what it wrote to standard output. It has a process group of its own, which is
 * killed as a whole when the time is up or `signal` fires.
 * @throws with the end of its output, when it fails, takes longer than `timeoutMs`, or is stopped by `signal`
 */
export async function runCommand(file, args, { cwd, env = process.env, timeoutMs, signal }) {
  signal.throwIfAborted();
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    output = (output + text).slice(-MAX_OUTPUT_CHARS);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-MAX_OUTPUT_CHARS)));
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const kill = () => killGroup(child);
  until.addEventListener('abort', kill);
  try {
    const end = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, by) => resolve(code ?? by));
    });
    signal.throwIfAborted();
    const command = [file, ...args].join(' ');
    if (until.aborted)
      throw new Error(`${command}\nwas not done after ${timeoutMs / 1000} s. Its last output:\n${output}`);
    if (end !== 0) throw new Error(`${command}\nended with ${end}. Its last output:\n${output}`);
    return stdout;
  } finally {
    until.removeEventListener('abort', kill);
  }
}

/** Ends a detached child with all that it started; nothing when it is gone. */
export function killGroup(child) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
