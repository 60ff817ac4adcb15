import { spawn } from 'node:child_process';
import { canRaisePriorities, setProcessPriority } from '../src/process/priority.ts';

/*
 * Run as a process that may not raise priorities: starts one of its own, lowers it, tries to raise it again, and prints
 * what came of each.
 */

const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
  detached: true,
  stdio: ['pipe', 'ignore', 'ignore'],
});
const pid = child.pid ?? 0;
let lowered = setProcessPriority(pid, 19);
// Anybody on the machine may have used up what the kernel takes within 0.1 s.
while (!lowered) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  lowered = setProcessPriority(pid, 19);
}
console.log(JSON.stringify({ lowered, raised: setProcessPriority(pid, 0), canRaise: canRaisePriorities() }));
child.kill('SIGKILL');
