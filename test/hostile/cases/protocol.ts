import type { ExecuteOptions, RetireReason, SourceOptions } from 'nestjs-js-runtime';
import type { FakeAction } from '../../../libs/js-runtime/test-support/fake-vm.ts';
import { ends, value, type Code, type Expected } from '../attack.ts';

/** A VM process in an attacker's hands: it may send whatever it likes. */
export interface ProtocolAttack {
  readonly name: string;
  /** What it does when it is asked to compile the attacker's script; that is honest, if left out. */
  readonly onCompile?: readonly FakeAction[];
  /** What it does when it is asked to run it. */
  readonly onRun: readonly FakeAction[];
  /** What it does when it is to invoke the realm that it was to keep: the attacker's script is run once before, which it does honestly. */
  readonly onInvokes?: readonly (readonly FakeAction[])[];
  /** What it does about the answers to its calls of host APIs. */
  readonly onAnswers?: readonly (readonly FakeAction[])[];
  /** How many calls reach methods of host APIs at most. */
  readonly maxCalls?: number;
  /** How many of them work until they are told to stop. */
  readonly waitingCalls?: number;
  /** Whether it does to all later requests what it did to run. */
  readonly goesOn?: true;
  /** What the attacker wants to be run. Default `1`. */
  readonly script?: string;
  /** How the attacker wants it to be read. */
  readonly read?: SourceOptions & Pick<ExecuteOptions, 'realm'>;
  /** What the attacker is told. */
  readonly expected: Expected;
  /** Why the VM ends: at once, or before it may serve another tenant. */
  readonly reason: RetireReason;
  /** What it does in place of getting ready, or right after it. */
  readonly atStart?: readonly FakeAction[];
  /** What it does when it is asked for the next thing, which is to forget its tenant. */
  readonly onNext?: readonly FakeAction[];
  /** Whether the next tenant wants a process of its own. */
  readonly nextWantsProcess?: true;
}

export const READY: FakeAction = { send: { type: 'ready' } };
export const RECYCLED: FakeAction = { answer: { type: 'recycled', replaced: false } };
const RAN = { type: 'ran', outcome: { kind: 'value' }, refused: [], logs: [], cpuMs: 1, heapBytes: 1 };
/** An honest answer, with this JSON for a result. */
export const result = (json: string, more = ''): FakeAction => ({ answer: RAN, attachments: [json, more] });
export const answer = (more: object, ...attachments: readonly string[]): FakeAction => ({
  answer: { ...RAN, ...more },
  attachments,
});
const threw = (error: object): FakeAction => answer({ outcome: { kind: 'threw', error } });
export const u32 = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
export const raw = (...bytes: readonly number[]): FakeAction => ({ raw: bytes });
export const text = (header: string, ...attachments: readonly string[]): FakeAction => ({ text: header, attachments });
/** The text of an honest answer, with something else in place of a part of it. */
const forged = (part: string, by: string, id = '$id'): string =>
  JSON.stringify({ ...RAN, id })
    .replace(`"${id}"`, id)
    .replace(part, by);
const ascii = (chars: string): number[] => [...Buffer.from(chars)];
/** Text and one attachment, whichever of them is long: a plan has no room for more than 128 KB. */
const long = (
  before: string,
  hundredfold: string,
  n: number,
  after: string,
  ...attachments: readonly [] | readonly [string]
): FakeAction[] => {
  const headerBytes = before.length + hundredfold.length * 100 * n + after.length;
  const rest = attachments.flatMap((part) => [...u32(part.length), ...ascii(part)]);
  return [
    raw(...u32(4 + headerBytes + rest.length), ...u32(headerBytes), ...ascii(before)),
    times(n, raw(...ascii(hundredfold.repeat(100)))),
    raw(...ascii(after), ...rest),
  ];
};
/** A frame with a short header and one long attachment after an empty one or none. */
const attached = (header: string, isSecond: boolean, hundredfold: string, n: number): FakeAction[] => {
  const start = [...u32(header.length), ...ascii(header), ...(isSecond ? u32(0) : [])];
  const bytes = hundredfold.length * 100 * n;
  return [
    raw(...u32(start.length + 4 + bytes), ...start, ...u32(bytes)),
    times(n, raw(...ascii(hundredfold.repeat(100)))),
  ];
};
const COMPILED = JSON.stringify({ type: 'compiled', id: 1, outcome: { kind: 'compiled', imports: [] }, cpuMs: 1 });
export const times = (n: number, ...repeat: readonly FakeAction[]): FakeAction => ({ repeat, times: n });
/** An honest answer to a request to compile, but for what is given. */
const compiled = (imports: unknown = [], ...attachments: readonly string[]): FakeAction => ({
  answer: { type: 'compiled', outcome: { kind: 'compiled', imports }, cpuMs: 1 },
  attachments,
});
const notCompiled = (error: object): FakeAction => ({
  answer: { type: 'compiled', outcome: { kind: 'not-compiled', error }, cpuMs: 1 },
});
const compileOutcome = (outcome: object, more: object = {}): FakeAction => ({
  answer: { type: 'compiled', outcome, cpuMs: 1, ...more },
});
export const NOT_HELD = { kind: 'not-held' };
const asModule = { wrap: 'module' } as const;
const asTypeScript = { language: 'typescript' } as const;
export const ERROR = { name: 'Error', message: 'x', stack: '' };

/** It breaks the protocol: the attacker gets an error, the VM is ended at once. */
export function broken(name: string, ...onRun: readonly FakeAction[]): ProtocolAttack {
  return { name, onRun, expected: ends('VM_CRASHED'), reason: 'protocol' };
}

/** It ends otherwise. */
export function ended(name: string, code: Code, reason: RetireReason, ...onRun: readonly FakeAction[]): ProtocolAttack {
  return { name, onRun, expected: ends(code), reason };
}

/** Its answer is one that it may give; then it is not fit for anybody else. */
export function lies(
  name: string,
  expected: Expected,
  reason: RetireReason,
  ...onRun: readonly FakeAction[]
): ProtocolAttack {
  return { name, onRun, expected, reason };
}

/** The same three, when it is asked to compile. */
export function brokenCompile(
  name: string,
  onCompile: readonly FakeAction[],
  read: SourceOptions = {},
): ProtocolAttack {
  return { name, onCompile, onRun: [], read, expected: ends('VM_CRASHED'), reason: 'protocol' };
}

function endedCompile(
  name: string,
  code: Code,
  reason: RetireReason,
  ...onCompile: readonly FakeAction[]
): ProtocolAttack {
  return { name, onCompile, onRun: [], expected: ends(code), reason };
}

function liesInCompile(
  name: string,
  expected: Expected,
  onCompile: readonly FakeAction[],
  more: Partial<ProtocolAttack> = {},
): ProtocolAttack {
  return { name, onCompile, onRun: [result('1'), RECYCLED], expected, reason: 'unhealthy', ...more };
}

/** It misbehaves before it has any work; a real VM does the attacker's. */
export function atStart(name: string, reason: RetireReason, ...actions: readonly FakeAction[]): ProtocolAttack {
  return { name, onRun: [], expected: value(1), reason, atStart: actions };
}

/** To hurt the backend, or anybody else, from a VM process whose isolate and V8 are broken. All of these are our own ideas. */
// prettier-ignore
export const protocol: readonly ProtocolAttack[] = [
  // Frames.
  broken('a frame of 4 GB', raw(...u32(2 ** 32 - 1))),
  broken('a frame of 64 MB', raw(...u32(2 ** 26), 0, 0)),
  broken('a frame of nothing', raw(...u32(0))),
  broken('a frame too short for a length', raw(...u32(3), 1, 2, 3)),
  broken('a header longer than its frame', raw(...u32(8), ...u32(100), 123, 125, 32, 32)),
  broken('a header of 2 MB', raw(...u32(2 ** 21 + 4), ...u32(2 ** 21)), times(2 ** 9, raw(...Array<number>(2 ** 12).fill(32)))),
  broken('an empty header', raw(...u32(4), ...u32(0))),
  broken('an attachment longer than its frame', raw(...u32(12), ...u32(2), 123, 125, ...u32(50), 0, 0)),
  broken('a frame that ends inside a length', raw(...u32(8), ...u32(2), 123, 125, 0, 0)),
  broken('three attachments', text(forged('', ''), '1', '', '')),
  broken('five attachments', text(forged('', ''), '', '', '', '', '')),
  broken('1e5 empty attachments', raw(...u32(6 + 4e5), ...u32(2), 123, 125), times(1e3, raw(...Array<number>(400).fill(0)))),
  broken('a header that is no JSON', text('{"type":"ran",')),
  broken('a header that is no UTF-8', raw(...u32(8), ...u32(4), 0xff, 0xfe, 0xc0, 0x80)),
  broken('a header 1e5 deep', raw(...u32(1e5 + 4), ...u32(1e5)), times(100, raw(...Array<number>(1000).fill(91)))),
  broken('headers that are no object', text('null'), text('1'), text('"ran"'), text('[]')),
  broken('another protocol', raw(...ascii('HTTP/1.1 200 OK\r\n\r\n'))),
  broken('16 MB of zeros', times(2 ** 14, raw(...Array<number>(1024).fill(0)))),
  broken('a flood of tiny frames', times(1e5, text('{}'))),
  ended('a frame that never ends', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', raw(...u32(1000), ...u32(900), 123)),
  ended('a byte now and then', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', raw(...u32(1000)), times(100, raw(0), { pauseMs: 50 })),
  ended('a large frame that never ends', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', raw(...u32(700_000), ...u32(100)), times(600, raw(...Array<number>(1000).fill(32)))),

  // Messages.
  broken('a message without type', text('{"id":$id}')),
  broken('a message of no known type', text('{"type":"exec","id":$id,"command":"id"}')),
  broken('a request', text('{"type":"run","id":$id,"units":[{"key":"a","name":"a","wrap":"script","hasCode":true,"imports":[]}],"timeoutMs":1}', '1')),
  broken('a message with one member more', answer({ tenant: 'alice' }, '1')),
  broken('a message with __proto__', text(forged('{', '{"__proto__":{"type":"ran"},'), '1')),
  broken('a message whose type is inherited', text(forged('{', '{"id":$id,"__proto__":{') + '}', '1')),
  broken('an outcome of no known kind', answer({ outcome: { kind: 'granted' } })),
  broken('an outcome of an invocation: cancelled', answer({ outcome: { kind: 'cancelled' } })),
  broken('an outcome of an invocation: lost', answer({ outcome: { kind: 'lost' } })),
  broken('an outcome with a value of its own', answer({ outcome: { kind: 'value', value: 1 } }, '1')),
  broken('usage that is NaN', text(forged('"cpuMs":1', '"cpuMs":NaN'), '1')),
  broken('usage that is infinite', text(forged('"cpuMs":1', '"cpuMs":1e999'), '1')),
  broken('usage that is negative', answer({ cpuMs: -1 }, '1')),
  broken('usage that is text', answer({ heapBytes: '1' }, '1')),
  broken('usage that is no whole number', answer({ heapBytes: 1.5 }, '1')),
  broken('logs that are no list', answer({ logs: { length: 1e9 } }, '1')),
  broken('a log of no known level', answer({ logs: [{ level: 'fatal', message: '' }] }, '1')),
  broken('a log that is no text', answer({ logs: [{ level: 'log', message: { toString: 1 } }] }, '1')),
  broken('an error of 70 KB', threw({ ...ERROR, message: 'x'.repeat(70_000) })),
  broken('an error at line 0', threw({ ...ERROR, line: 0, column: 1 })),
  broken('an error at line 1e308', threw({ ...ERROR, line: 1e308, column: 1 })),
  broken('a result larger than anybody asked for', result(`"${'x'.repeat(70_000)}"`)),
  broken('a result that is no JSON', result('{"a":'), RECYCLED),
  broken('a result that is no text', { text: forged('', '') }, RECYCLED),

  // Order.
  broken('a reply to a request of the future', text(forged('', '', '99'), '1')),
  broken('a reply to no request', text(forged('', '', '-1'), '1')),
  broken('a reply whose id is text', text(forged('$id', '"$id"'), '1')),
  broken('ready, again', READY),
  broken('done, for a script', { answer: { type: 'done' } }),
  broken('compiled, for a script', compiled()),
  broken('recycled, before the reply', RECYCLED, RECYCLED, result('1')),
  broken('a flood of recycled', times(1e4, RECYCLED)),
  broken('recycled for a request of the future', text('{"type":"recycled","id":99,"replaced":true}')),
  broken('recycled, with a lie that is no boolean', { answer: { type: 'recycled', replaced: 'yes' } }),
  lies('two replies', value(1), 'protocol', result('1'), result('2')),
  lies('a reply and garbage', value(1), 'protocol', result('1'), raw(...u32(1))),
  lies('a reply and an exit', value(1), 'crashed', result('1'), { exitWith: 0 }),

  // What it may say, of its own tenant only.
  lies('a result with __proto__', value(JSON.parse('{"__proto__":{"polluted":1}}')), 'unhealthy', result('{"__proto__":{"polluted":1}}'), RECYCLED),
  lies('a result 1e4 deep', ends('RESULT_NOT_SERIALIZABLE'), 'unhealthy', result('['.repeat(1e4) + ']'.repeat(1e4)), RECYCLED),
  lies('usage beyond belief', value(1), 'unhealthy', answer({ cpuMs: 1.7e308, heapBytes: Number.MAX_SAFE_INTEGER }, '1'), RECYCLED),
  lies('one attachment more', value(1), 'unhealthy', result('1', 'garbage'.repeat(1000)), RECYCLED),
  lies('no word of having recycled', value(1), 'unhealthy', result('1')),
  lies('an error that nobody threw', ends('SCRIPT_ERROR'), 'unhealthy', threw({ ...ERROR, message: '\u0000\ud800' }), RECYCLED),
  lies('that the script is no JavaScript', ends('COMPILATION_FAILED'), 'unhealthy', answer({ outcome: { kind: 'not-compiled', error: ERROR } }), RECYCLED),
  { name: 'that it has forgotten its tenant', onRun: [result('1'), RECYCLED], onNext: [{ answer: { type: 'done' } }, RECYCLED], nextWantsProcess: true, expected: value(1), reason: 'rebind' },
  { name: 'done, with the answer of the next', onRun: [result('1'), RECYCLED], onNext: [{ answer: { type: 'done' } }, text(forged('', '', '4'), '"forged"')], nextWantsProcess: true, expected: value(1), reason: 'rebind' },
  { name: 'garbage, when it is to forget its tenant', onRun: [result('1'), RECYCLED], onNext: [raw(...u32(1))], expected: value(1), reason: 'protocol' },

  // In answer to `compile`.
  brokenCompile('compiling: ran', [result('1')]),
  brokenCompile('compiling: done', [{ answer: { type: 'done' } }]),
  brokenCompile('compiling: ready', [READY]),
  brokenCompile('compiling: no outcome', [{ answer: { type: 'compiled', cpuMs: 1 } }]),
  brokenCompile('compiling: an outcome of a run', [compileOutcome({ kind: 'value' })]),
  brokenCompile('compiling: timed out', [compileOutcome({ kind: 'timed-out', stack: '' })]),
  brokenCompile('compiling: usage that is no number', [compileOutcome({ kind: 'compiled', imports: [] }, { cpuMs: null })]),
  brokenCompile('compiling: logs', [compileOutcome({ kind: 'compiled', imports: [] }, { logs: [] })]),
  brokenCompile('compiling: not held', [compileOutcome(NOT_HELD)]),
  brokenCompile('compiling: not held, and who imports', [compileOutcome({ ...NOT_HELD, imports: [] })]),
  brokenCompile('compiling: three attachments', [compiled([], '', '', '')]),
  brokenCompile('compiling: a frame of 16 MB', [raw(...u32(2 ** 24), 0, 0)]),
  brokenCompile('compiling: a header of 2 MB', [raw(...u32(2 ** 21 + 4), ...u32(2 ** 21)), times(2 ** 9, raw(...Array<number>(2 ** 12).fill(32)))]),
  brokenCompile('compiling: a code cache of 8 MB', [raw(...u32(2 ** 23 + 2 ** 10), 0, 0)]),
  brokenCompile('compiling: two answers', [compiled(), compiled()]),
  endedCompile('compiling: silence', 'WALL_TIME_LIMIT_EXCEEDED', 'wall'),
  endedCompile('compiling: a loop', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', { useCpuMs: 20_000 }),
  endedCompile('compiling: an exit', 'VM_CRASHED', 'crashed', { exitWith: 0 }),
  endedCompile('compiling: out of memory', 'MEMORY_LIMIT_EXCEEDED', 'memory', compileOutcome({ kind: 'out-of-memory' })),
  endedCompile('compiling: a large frame that never ends', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', raw(...u32(4_000_000), ...u32(100)), times(1000, raw(...Array<number>(1000).fill(32)))),
  endedCompile('compiling: a frame that never ends', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', raw(...u32(1000), ...u32(900), 123)),

  // Imports.
  brokenCompile('imports that are not told', [compileOutcome({ kind: 'compiled' })], asModule),
  brokenCompile('imports that are no list', [compiled({ length: 1 })], asModule),
  brokenCompile('an import that is no text', [compiled([['a']])], asModule),
  brokenCompile('an import that is null', [compiled([null])], asModule),
  brokenCompile('257 imports', [compiled(Array.from({ length: 257 }, (_, n) => String(n)))], asModule),
  brokenCompile('1e5 imports', long(COMPILED.replace(']},"cpuMs":1}', ''), '"",', 1000, '""]},"cpuMs":1}'), asModule),
  brokenCompile('an import of 513 characters', [compiled(['x'.repeat(513)])], asModule),
  liesInCompile('imports that nobody wrote', ends('COMPILATION_FAILED'), [compiled(['__proto__', 'constructor', 'node:fs', 'file:///etc/passwd', ''])], { read: asModule, onRun: [] }),
  liesInCompile('256 times the same import, which is not there', ends('COMPILATION_FAILED'), [compiled(Array<string>(256).fill('x'))], { read: asModule, onRun: [] }),
  liesInCompile('256 times the same import, which is there', value(1), [compiled(Array<string>(256).fill('known')), RECYCLED], { read: asModule, onRun: [compiled(), RECYCLED], onNext: [result('1'), RECYCLED] }),
  brokenCompile('imports of a classic script', [compiled(['x'])]),
  brokenCompile('imports of a classic script that are there', [compiled(['known']), RECYCLED]),
  liesInCompile('a module that imports itself, told by a liar', value(1), [compiled(['self']), RECYCLED], { read: asModule }),
  liesInCompile('imports without end', ends('SCRIPT_TOO_LARGE'), [compiled(['endless']), RECYCLED], { read: asModule, onRun: [compiled(['endless']), RECYCLED], goesOn: true, reason: 'protocol' }),

  // Code.
  liesInCompile('a code cache that is garbage', value(1), [compiled([], 'garbage'.repeat(1000)), RECYCLED]),
  liesInCompile('a code cache of 1 MB', value(1), [...attached(COMPILED, false, 'garbage!!!', 1000), RECYCLED]),
  brokenCompile('a code cache of 5 MB, which no VM hands over', [...attached(COMPILED, false, 'garbage!!!', 4400), RECYCLED]),
  brokenCompile('4 MB of JavaScript in place of 1', [...attached(COMPILED, true, '/*forged*/', 4000), RECYCLED], asTypeScript),
  brokenCompile('JavaScript in place of JavaScript', [compiled([], '', '"forged"'), RECYCLED]),
  brokenCompile('JavaScript that is no UTF-8', [compiled([], '', '\ud800\u0000'), RECYCLED], asTypeScript),
  brokenCompile('JavaScript that no TypeScript leaves, being 8 MB', [raw(...u32(2 ** 23), ...u32(100))], asTypeScript),
  liesInCompile('that TypeScript was nested too deep', ends('COMPILATION_FAILED'), [compileOutcome({ kind: 'parser-overflowed' })], { read: asTypeScript, reason: 'parser' }),
  brokenCompile('that JavaScript was nested too deep', [compileOutcome({ kind: 'parser-overflowed' })]),

  // Errors of the compiler.
  brokenCompile('an error of 70 KB of the compiler', [notCompiled({ ...ERROR, message: 'x'.repeat(70_000) })]),
  brokenCompile('an error at a line that is no number', [notCompiled({ ...ERROR, line: '1', column: 1 })]),
  brokenCompile('an error at half a line', [notCompiled({ ...ERROR, line: 1.5, column: 1 })]),
  brokenCompile('an error with a code frame of its own', [notCompiled({ ...ERROR, codeFrame: 'x' })]),
  liesInCompile('an error outside of the source', ends('COMPILATION_FAILED'), [notCompiled({ ...ERROR, line: 2 ** 31, column: 2 ** 31 })], { onRun: [] }),
  liesInCompile('an error at a column outside of the source', ends('COMPILATION_FAILED'), [notCompiled({ ...ERROR, line: 1, column: 3 })], { onRun: [] }),
  liesInCompile('an error in a line of no column', ends('COMPILATION_FAILED'), [notCompiled({ ...ERROR, line: 1 })], { onRun: [] }),
  liesInCompile('an error in a file that nobody has', ends('COMPILATION_FAILED'), [notCompiled({ ...ERROR, file: 'file:///etc/passwd', line: 1, column: 1 })], { onRun: [] }),
  liesInCompile('an error in __proto__', ends('COMPILATION_FAILED'), [notCompiled({ ...ERROR, file: '__proto__', line: 1, column: 1 })], { onRun: [] }),
  liesInCompile('a requested module of 60 KB', ends('COMPILATION_FAILED'), [notCompiled({ ...ERROR, message: `The requested module '${'x'.repeat(60_000)}'` })], { onRun: [], read: asModule }),
  liesInCompile('a requested module that never ends', ends('COMPILATION_FAILED'), [notCompiled({ ...ERROR, message: `The requested module '${"The requested module '".repeat(2500)}` })], { onRun: [], read: asModule }),
  liesInCompile('a requested module that is a pattern', ends('COMPILATION_FAILED'), [notCompiled({ ...ERROR, message: "The requested module '(a+)+$|[' does" })], { onRun: [], read: asModule }),
  liesInCompile('a requested module of nothing, in a megabyte of quotes', ends('COMPILATION_FAILED'), [notCompiled({ ...ERROR, message: "The requested module '' does" })], { onRun: [], read: asModule, script: `/*${"''".repeat(450_000)}*/` }),
  liesInCompile('a requested module behind a megabyte of lines', ends('COMPILATION_FAILED'), [notCompiled({ ...ERROR, message: "The requested module 'a' does" })], { onRun: [], read: asModule, script: `${'\n'.repeat(900_000)}import 'a'` }),

  // What it says that it does not hold, or that V8 refused.
  { ...broken('not held, again and again', answer({ outcome: NOT_HELD }), RECYCLED), goesOn: true },
  broken('not held, with a result', answer({ outcome: { ...NOT_HELD, value: 1 } }, '1')),
  broken('refused code that is no list', answer({ refused: 0 }, '1')),
  broken('refused code that is no number', answer({ refused: ['0'] }, '1')),
  broken('refused code of a negative index', answer({ refused: [-1] }, '1')),
  broken('refused code, 1001 times', answer({ refused: Array<number>(1001).fill(0) }, '1')),
  broken('refused code, 1e5 times', ...long(forged('"refused":[]', '', '2').slice(0, -1).concat('"refused":['), '0,', 1000, '0]}', '1')),
  broken('refused code, a thousand times the same', answer({ refused: Array<number>(1000).fill(0) }, '1'), RECYCLED),
  broken('refused code of units that there are not', answer({ refused: [1, 999, Number.MAX_SAFE_INTEGER] }, '1'), RECYCLED),
  lies('that a script that was compiled is none', ends('COMPILATION_FAILED'), 'unhealthy', answer({ outcome: { kind: 'not-compiled', error: { ...ERROR, line: 1, column: 1, file: 'x' } } }), RECYCLED),

  // Ends.
  ended('timed out at once', 'WALL_TIME_LIMIT_EXCEEDED', 'unhealthy', answer({ outcome: { kind: 'timed-out', stack: '' } })),
  ended('out of memory at once', 'MEMORY_LIMIT_EXCEEDED', 'memory', answer({ outcome: { kind: 'out-of-memory' } })),
  ended('an exit', 'VM_CRASHED', 'crashed', { exitWith: 0 }),
  ended('an exit in the middle of a frame', 'VM_CRASHED', 'crashed', raw(...u32(1000), 0, 0), { exitWith: 1 }),
  ended('a closed pipe, and a life after it', 'VM_CRASHED', 'crashed', { closePipe: true }),
  ended('silence', 'WALL_TIME_LIMIT_EXCEEDED', 'wall'),
  ended('a loop', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', { useCpuMs: 20_000 }),

  // Before there is any work. Few: VMs that do not start make the pool wait.
  atStart('a frame of 4 GB in place of ready', 'start', raw(...u32(2 ** 32 - 1))),
  atStart('a reply in place of ready', 'start', text(forged('', '', '0'), '1')),
  atStart('ready twice', 'protocol', READY, READY),
  atStart('a reply before the request', 'protocol', READY, text(forged('', '', '1'), '"forged"')),
  atStart('an exit right after ready', 'crashed', READY, { exitWith: 0 }),
];
