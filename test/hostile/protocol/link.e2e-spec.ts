import {
  runtimeErrorOf,
  startRuntime,
  until,
  type TestRuntime,
} from '../../../libs/js-runtime/test-support/start-runtime.ts';
import type { FakeAction } from '../../../libs/js-runtime/test-support/fake-vm.ts';
import { HostileVmFactory } from './hostile-vm-factory.ts';

const linked = (outcome: object, more: object = {}): FakeAction => ({
  answer: { type: 'compiled', outcome, cpuMs: 1, ...more },
});
const ERROR = { name: 'SyntaxError', message: "The requested module 'x' does not exist", stack: '' };

describe('A hijacked VM that is asked to link modules gets nowhere with', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ poolSize: 1, maxVms: 1, vmCreateTimeoutMs: 2000 }, { vmFactory: HostileVmFactory });
  });

  afterAll(async () => {
    await runtime.close();
  });

  it.each<[string, readonly FakeAction[], string]>([
    ['silence', [], 'WALL_TIME_LIMIT_EXCEEDED'],
    ['an exit', [{ exitWith: 0 }], 'VM_CRASHED'],
    [
      'a result',
      [
        {
          answer: { type: 'ran', outcome: { kind: 'value' }, refused: [], logs: [], cpuMs: 1, heapBytes: 1 },
          attachments: ['1'],
        },
      ],
      'VM_CRASHED',
    ],
    ['done', [{ answer: { type: 'done' } }], 'VM_CRASHED'],
    ['an outcome of a run', [linked({ kind: 'value' })], 'VM_CRASHED'],
    ['not held, for ever', [linked({ kind: 'not-held' })], 'VM_CRASHED'],
    ['a parser that overflowed', [linked({ kind: 'parser-overflowed' })], 'VM_CRASHED'],
    ['a call', [{ answer: { type: 'call', call: 1, api: 'bait.echo' }, attachments: ['[]'] }], 'VM_CRASHED'],
    ['no memory', [linked({ kind: 'out-of-memory' })], 'MEMORY_LIMIT_EXCEEDED'],
    ['257 imports', [linked({ kind: 'compiled', imports: Array(257).fill('x') })], 'VM_CRASHED'],
    ['a frame of 64 MB', [{ raw: [4, 0, 0, 0] }], 'VM_CRASHED'],
    [
      'an error of 70 KB',
      [linked({ kind: 'not-compiled', error: { ...ERROR, message: 'x'.repeat(70_000) } })],
      'VM_CRASHED',
    ],
    ['an error', [linked({ kind: 'not-compiled', error: ERROR })], 'COMPILATION_FAILED'],
    [
      'an error in nobody’s file',
      [linked({ kind: 'not-compiled', error: { ...ERROR, file: '__proto__' } })],
      'COMPILATION_FAILED',
    ],
    [
      'an error beyond the end',
      [linked({ kind: 'not-compiled', error: { ...ERROR, line: 9e9, column: 9e9 } })],
      'COMPILATION_FAILED',
    ],
  ])('%s', async (name, onLink, code) => {
    HostileVmFactory.plan = {
      atStart: [{ send: { type: 'ready' } }],
      onRequests: name.endsWith('for ever') ? [onLink, onLink] : [onLink],
      compiles: true,
    };
    HostileVmFactory.pid = 0;
    for (const vm of runtime.pool.vms()) process.kill(vm.pid, 'SIGKILL');
    await until(() => HostileVmFactory.plan === undefined && runtime.pool.stats().available === 1);
    expect(HostileVmFactory.pid).not.toBe(0);
    const compile = async (script: string, timeoutMs: number): Promise<unknown> =>
      runtime.tenancy.runAs({ tenant: { id: 'mallory' } }, async () =>
        runtime.compiler.compile(`${name}.js`, script, { wrap: 'module', limits: { timeoutMs } }),
      );
    const isLate = code === 'WALL_TIME_LIMIT_EXCEEDED';
    expect((await runtimeErrorOf(compile('export default 1', isLate ? 300 : 20_000))).code).toBe(code);
    // Of a real VM, once the hostile one has not been able to forget its tenant.
    await expect(runtime.runAs('alice', '6 * 7')).resolves.toMatchObject({ value: 42 });
  });
});
