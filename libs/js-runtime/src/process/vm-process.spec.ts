import type { FakeAction } from '../../test-support/fake-vm.ts';
import {
  expectGone,
  expectNoProcess,
  fake,
  LIMITS,
  LONG_MS,
  READY,
  request,
  unitOf,
  useVmProcesses,
} from '../../test-support/use-vm-processes.ts';
import { encodeFrame } from '../protocol/frame.ts';
import type { ScriptWrap } from '../protocol/messages.ts';
import { replySizeOf } from './reply-size.ts';
import type { ChildCommand } from './child-command.ts';
import type { RetireReason } from './retire-reason.ts';
import type { CompileRequest } from './vm-request.ts';
import type { VmGoneError } from './vm-gone.error.ts';
import type { VmProcess, VmProcessOptions } from './vm-process.ts';

const { start, startFake } = useVmProcesses();

const TYPESCRIPT = { language: 'typescript' } as const;
const MODULE = { key: 'module', name: 'test.js', wrap: 'module' } as const;

describe('VmProcess with a real process', () => {
  it('is ready for work, in a process of its own', async () => {
    const vm = await start({ id: 'vm-7' });
    expect(vm.id).toBe('vm-7');
    expect(vm.alive).toBe(true);
    expect(vm.recycled).toBe(true);
    expect(vm.pid).not.toBe(process.pid);
    expect(process.kill(vm.pid, 0)).toBe(true);
  });

  it.each<[string, ScriptWrap, string, object, string]>([
    ['a value', 'script', 'const a = 6; a * 7', { kind: 'value' }, '42'],
    ['nothing', 'script', 'const a = 6;', { kind: 'undefined' }, ''],
    ['what a promise resolves to', 'script', 'Promise.resolve([1, "ä"])', { kind: 'value' }, '[1,"ä"]'],
    ['a function body that awaits', 'function', 'await null; return { a: 1 };', { kind: 'value' }, '{"a":1}'],
    ['what a timer brings', 'function', 'return new Promise((r) => setTimeout(r, 1, 5));', { kind: 'value' }, '5'],
    ['a function', 'script', '() => 1', { kind: 'not-serializable', message: 'A function is not JSON' }, ''],
    ['more than allowed', 'script', '"x".repeat(1023)', { kind: 'result-too-large', bytes: 1025 }, ''],
  ])('runs a script that comes to %s', async (_, wrap, source, outcome, resultJson) => {
    const vm = await start();
    const reply = await vm.run(request(source, {}, wrap));
    expect(reply).toMatchObject({ outcome, resultJson, logs: [] });
    expect(reply.cpuMs).toBeGreaterThan(0);
    expect(reply.heapBytes).toBeGreaterThan(0);
    expect(vm.alive).toBe(true);
  });

  it('says what was thrown, and where', async () => {
    const vm = await start();
    const { outcome } = await vm.run(request('null;\n  throw new RangeError("no")'));
    expect(outcome).toEqual({
      kind: 'threw',
      error: {
        name: 'RangeError',
        message: 'no',
        stack: 'RangeError: no\n    at test.js:2:9',
        file: 'test.js',
        line: 2,
        column: 9,
      },
    });
  });

  it('says why a source does not compile, and keeps nothing of it', async () => {
    const vm = await start();
    const bad = request('let a;\nlet a;');
    const expected = {
      kind: 'not-compiled',
      error: { name: 'SyntaxError', message: "Identifier 'a' has already been declared", line: 2, column: 5 },
    };
    expect((await vm.run(bad)).outcome).toMatchObject(expected);
    expect((await vm.compile(bad)).outcome).toMatchObject(expected);
    expect(vm.held(bad.script.key, 16)).toBeUndefined();
  });

  it('gives the script its context and input, and brings back its log', async () => {
    const vm = await start();
    const source = 'console.log(context.tenant.id, input); console.error("!"); input.n + 1';
    const reply = await vm.run({
      ...request(source),
      contextJson: '{"tenant":{"id":"acme"}}',
      inputJson: '{"n":1}',
    });
    expect(reply.resultJson).toBe('2');
    expect(reply.logs).toEqual([
      { level: 'log', message: 'acme {"n":1}' },
      { level: 'error', message: '!' },
    ]);
  });

  it('makes a code cache when it compiles, and takes one', async () => {
    const vm = await start();
    const run = request('[1, 2, 3].map((n) => n * 2)');
    const { outcome, codeCache, javascript, cpuMs } = await vm.compile(run);
    expect({ outcome, javascript }).toEqual({ outcome: { kind: 'compiled', imports: [] }, javascript: undefined });
    expect(codeCache?.byteLength).toBeGreaterThan(0);
    expect(vm.held(run.script.key, 16)).toEqual({ imports: [], compileMs: cpuMs });

    const other = await start();
    const units = [unitOf({ ...run.script, source: run.source, codeCache })];
    expect(await other.run({ ...run, units })).toMatchObject({ resultJson: '[2,4,6]', refused: [] });
  });

  it('compiles anew what V8 refuses, and says so', async () => {
    const vm = await start();
    const run = request('[1, 2, 3].map((n) => n * 2)');
    const { codeCache = new Uint8Array() } = await vm.compile(run);
    // V8 looks at the flags it was made with, among others, in its first bytes.
    const spoilt = Uint8Array.from(codeCache, (byte, index) => (index < 16 ? byte ^ 0xff : byte));
    const other = await start();
    const units = [unitOf({ ...run.script, source: run.source, codeCache: spoilt })];
    expect(await other.run({ ...run, units })).toMatchObject({ resultJson: '[2,4,6]', refused: [run.script.key] });
  });

  it('runs what it holds without being sent it, and says when it does not hold it', async () => {
    const vm = await start();
    const run = request('6 * 7');
    const held = { ...run, units: [{ ...run.script, imports: [], compileMs: 1, sourceChars: run.source.length }] };
    expect((await vm.run(held)).outcome).toEqual({ kind: 'not-held' });
    await vm.run(run);
    expect((await vm.run(held)).resultJson).toBe('42');
  });

  it('answers a check, and a reset that forgets all scripts', async () => {
    const vm = await start();
    const run = request('1');
    await vm.run(run);
    await vm.check(LONG_MS);
    expect(vm.held(run.script.key, 16)).toBeDefined();
    await vm.reset(LONG_MS);
    expect(vm.held(run.script.key, 16)).toBeUndefined();
    expect((await vm.run(run)).resultJson).toBe('1');
  });

  it('works on one request at a time', async () => {
    const vm = await start();
    const first = vm.run(request('1'));
    await expect(vm.check(LONG_MS)).rejects.toThrow('VM vm-1 was given a request while it works on another');
    expect((await first).resultJson).toBe('1');
  });

  it('stops a script that does not end, and works on with another isolate', async () => {
    const vm = await start();
    const reply = await vm.run(request('console.log("here"); for (;;);', { timeoutMs: 20 }));
    expect(reply.outcome.kind).toBe('timed-out');
    expect(reply.logs).toEqual([{ level: 'log', message: 'here' }]);
    expect((await vm.run(request('6 * 7'))).resultJson).toBe('42');
    expect(vm.alive).toBe(true);
  });

  it('ends with the script that uses too much memory', async () => {
    const vm = await start();
    // isolated-vm says so in time, or V8 aborts.
    const end = vm.run(request('const all = []; for (;;) all.push({ a: 1 });')).then(
      ({ outcome }) => outcome.kind,
      (error: unknown) => (error as VmGoneError).reason,
    );
    expect(await end).toMatch(/^(out-of-)?memory$/);
    expect(await vm.exited).toMatchObject({ reason: 'memory' });
  });

  it('is killed for the first reason given, and takes what it works on with it', async () => {
    const vm = await start();
    const run = vm.run(request('new Promise(() => {})'));
    vm.kill('cancelled');
    vm.kill('unhealthy');
    await expectGone(run, 'cancelled');
    expect(vm.alive).toBe(false);
    expect(await vm.exited).toEqual({ reason: 'cancelled', code: null, signal: 'SIGKILL' });
    expectNoProcess(vm.pid);
    await expectGone(vm.check(LONG_MS), 'cancelled');
  });

  it('has crashed when somebody else ended it', async () => {
    const vm = await start();
    const run = vm.run(request('new Promise(() => {})'));
    process.kill(vm.pid, 'SIGKILL');
    await expectGone(run, 'crashed');
    expect(await vm.exited).toMatchObject({ reason: 'crashed', signal: 'SIGKILL' });
    await expectGone(vm.run(request('1')), 'crashed');
  });

  it('is killed for a frame longer than agreed', async () => {
    // Only its length is sent: it is refused before anything of it is kept.
    const length = [...new Uint8Array(new Uint32Array([replySizeOf(LIMITS).maxFrameBytes + 1]).buffer)].reverse();
    const vm = await startFake([{ raw: length }]);
    await expectGone(vm.run(request('1')), 'protocol');
  });
});

describe('VmProcess with a process that does not start well', () => {
  it.each<[string, Partial<VmProcessOptions> & { command: ChildCommand }, string]>([
    [
      'that does not exist',
      { command: { file: '/nonexistent/node', args: [] } },
      '/nonexistent/node: ended before it was ready (exit code -, signal -)',
    ],
    [
      'that ends',
      { command: fake({ atStart: [{ exitWith: 3 }] }) },
      'ended before it was ready (exit code 3, signal -)',
    ],
    [
      'that never gets ready',
      { command: fake({ atStart: [] }), startTimeoutMs: 50 },
      'not ready within 50 ms (exit code -, signal SIGKILL)',
    ],
  ])('rejects one %s', async (_, options, message) => {
    await expect(start(options)).rejects.toThrow(message);
  });

  it.each<[string, readonly FakeAction[]]>([
    ['garbage', [{ raw: [0, 0, 0, 8, 0, 0, 0, 4, 1, 2, 3, 4] }]],
    ['the start of a frame that is too long', [{ raw: [255, 255, 255, 255] }]],
    ['an unknown message', [{ send: { type: 'hello' } }]],
    ['more in a message than belongs there', [{ send: { type: 'ready', root: true } }]],
    ['an answer to a request that was not made', [{ send: { type: 'done', id: 1 } }]],
    ['the answer to a request instead of being ready', [{ send: { type: 'done', id: 0 } }]],
    ['that it has recycled', [{ send: { type: 'recycled', id: 0 } }]],
  ])('kills one that sends %s', async (_, atStart) => {
    const failure = start({ command: fake({ atStart }) });
    await expect(failure).rejects.toThrow('ended before it was ready (exit code -, signal SIGKILL)');
    await expect(failure).rejects.toMatchObject({ cause: { name: 'VmGoneError', reason: 'protocol' } });
  });
});

describe('VmProcess with a hostile process', () => {
  const done: FakeAction = { answer: { type: 'done' } };

  it('believes a reply that keeps to the protocol, in pieces or not', async () => {
    const reply = [...encodeFrame({ type: 'done', id: 2 })];
    const pieces = [reply.slice(0, 3), reply.slice(3, 9), reply.slice(9)].map((raw) => ({ raw }));
    const vm = await startFake([done], pieces);
    await vm.check(LONG_MS);
    await vm.check(LONG_MS);
    expect(vm.alive).toBe(true);
  });

  it.each<[string, readonly FakeAction[]]>([
    ['to another request', [{ send: { type: 'done', id: 99 } }]],
    ['of another kind', [{ answer: { type: 'compiled', outcome: { kind: 'compiled', imports: [] }, cpuMs: 0 } }]],
    ['with a field of the wrong type', [{ send: { type: 'done', id: '1' } }]],
    ['with a field too many', [{ answer: { type: 'done', outcome: {} } }]],
    ['that it is ready, again', [READY]],
    ['that is not a frame', [{ raw: [0, 0, 0, 4, 0, 0, 1, 0] }]],
    ['that is announced as longer than agreed', [{ raw: [0x7f, 255, 255, 255] }]],
    ['that it has recycled after a request yet to come', [{ send: { type: 'recycled', id: 2 } }]],
  ])('kills it for a reply %s', async (_, actions) => {
    const vm = await startFake(actions);
    await expectGone(vm.check(LONG_MS), 'protocol');
    expect(await vm.exited).toMatchObject({ reason: 'protocol', signal: 'SIGKILL' });
  });

  it.each<[string, readonly FakeAction[]]>([
    ['answers twice', [done, done]],
    ['goes on with garbage', [done, { raw: [0, 0, 0, 4, 255, 255, 255, 255] }]],
    ['recycles twice', [done, { answer: { type: 'recycled' } }, { answer: { type: 'recycled' } }]],
  ])('kills it when it %s', async (_, actions) => {
    const vm = await startFake(actions);
    await vm.check(LONG_MS);
    expect(await vm.exited).toMatchObject({ reason: 'protocol', signal: 'SIGKILL' });
  });

  it('knows when it has recycled', async () => {
    const recycled: FakeAction = { answer: { type: 'recycled', replaced: false } };
    const vm = await startFake([done], [{ send: { type: 'recycled', id: 1, replaced: false } }, done, recycled]);
    await vm.check(LONG_MS);
    expect(vm.recycled).toBe(false);
    const hasRecycled = new Promise<void>((resolve) => {
      vm.onRecycled = resolve;
    });
    await vm.check(LONG_MS);
    await hasRecycled;
    expect(vm.recycled).toBe(true);
  });

  it.each([
    ['the request that it works on', [{ answer: { type: 'recycled', replaced: false } }, done]],
    ['one that was not made', [{ send: { type: 'recycled', id: 7, replaced: false } }, done]],
  ])('ends it when it says that it has recycled after %s', async (_, actions) => {
    const vm = await startFake(actions);
    await expectGone(vm.check(LONG_MS), 'protocol');
  });

  it.each<[string, (vm: VmProcess) => Promise<unknown>, RetireReason]>([
    ['a run', (vm) => vm.run(request('1', { timeoutMs: 1 })), 'wall'],
    ['a compilation', (vm) => vm.compile(request('1', { timeoutMs: 1 })), 'wall'],
    ['a check', (vm) => vm.check(1), 'unhealthy'],
    ['a reset', (vm) => vm.reset(1), 'unhealthy'],
  ])('kills it when it never answers %s', async (_, work, reason) => {
    const vm = await startFake();
    await expectGone(work(vm), reason);
    expect(await vm.exited).toMatchObject({ reason, signal: 'SIGKILL' });
  });

  it('kills it when it closes the pipe and lives on', async () => {
    const vm = await startFake([{ closePipe: true }]);
    await expectGone(vm.check(LONG_MS), 'crashed');
    expect(await vm.exited).toMatchObject({ reason: 'crashed', signal: 'SIGKILL' });
  });

  it('has crashed when it exits', async () => {
    const vm = await startFake([{ exitWith: 5 }]);
    await expectGone(vm.check(LONG_MS), 'crashed');
    expect(await vm.exited).toMatchObject({ reason: 'crashed' });
  });

  it('takes no result or cache that the reply does not have', async () => {
    const ran = { type: 'ran', outcome: { kind: 'value' }, refused: [], logs: [], cpuMs: 0, heapBytes: 0 };
    const compiled = { type: 'compiled', outcome: { kind: 'compiled', imports: [] }, cpuMs: 0 };
    const vm = await startFake(
      [{ answer: ran }],
      [{ answer: ran, attachments: ['1'] }],
      [{ answer: compiled }],
      [{ answer: compiled, attachments: ['code', ' '] }],
    );
    expect((await vm.run(request('1'))).resultJson).toBe('');
    expect((await vm.run(request('1'))).resultJson).toBe('1');
    expect(await vm.compile(request('1'))).toMatchObject({ codeCache: undefined, javascript: undefined });
    const typescript = { ...request('1'), language: 'typescript' as const };
    expect(await vm.compile(typescript)).toMatchObject({ codeCache: Buffer.from('code'), javascript: ' ' });
  });

  it.each<[string, object, readonly string[], Partial<CompileRequest>]>([
    ['imports of a classic script', { kind: 'compiled', imports: ['a'] }, [], {}],
    ['JavaScript of JavaScript', { kind: 'compiled', imports: [] }, ['', '1'], {}],
    ['longer JavaScript than there was TypeScript', { kind: 'compiled', imports: [] }, ['', '12'], TYPESCRIPT],
    ['no JavaScript of TypeScript', { kind: 'compiled', imports: [] }, [''], TYPESCRIPT],
    ['a code cache of a module', { kind: 'compiled', imports: [] }, ['code'], { script: MODULE }],
    ['that a parser of TypeScript overflowed by JavaScript', { kind: 'parser-overflowed' }, [], {}],
    ['that it does not hold what it was given', { kind: 'not-held' }, [], {}],
  ])('kills it when it compiles and says %s', async (_, outcome, attachments, changes) => {
    const vm = await startFake([{ answer: { type: 'compiled', outcome, cpuMs: 0 }, attachments }]);
    await expectGone(vm.compile({ ...request('1'), ...changes }), 'protocol');
  });

  it('kills it when it has units refused that it was not given', async () => {
    const ran = { type: 'ran', outcome: { kind: 'value' }, refused: [1], logs: [], cpuMs: 0, heapBytes: 0 };
    const vm = await startFake([{ answer: ran, attachments: ['1'] }]);
    await expectGone(vm.run(request('1')), 'protocol');
  });
});
