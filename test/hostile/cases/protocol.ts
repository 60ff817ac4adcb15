import type { RetireReason } from 'nestjs-js-runtime';
import type { FakeAction } from '../../../libs/js-runtime/test-support/fake-vm.ts';
import { ends, value, type Code, type Expected } from '../attack.ts';

/** A VM process in an attacker's hands: it may send whatever it likes. */
export interface ProtocolAttack {
  readonly name: string;
  /** What it does when it is asked to run the attacker's script. */
  readonly onRun: readonly FakeAction[];
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

const READY: FakeAction = { send: { type: 'ready' } };
const RECYCLED: FakeAction = { answer: { type: 'recycled', replaced: false } };
const RAN = { type: 'ran', outcome: { kind: 'value' }, logs: [], cpuMs: 1, heapBytes: 1 };
/** An honest answer, with this JSON for a result. */
const result = (json: string, codeCache = ''): FakeAction => ({ answer: RAN, attachments: [json, codeCache] });
const answer = (more: object, ...attachments: readonly string[]): FakeAction => ({
  answer: { ...RAN, ...more },
  attachments,
});
const threw = (error: object): FakeAction => answer({ outcome: { kind: 'threw', error } });
const u32 = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const raw = (...bytes: readonly number[]): FakeAction => ({ raw: bytes });
const text = (header: string, ...attachments: readonly string[]): FakeAction => ({ text: header, attachments });
const ascii = (chars: string): number[] => [...Buffer.from(chars)];
const times = (n: number, ...repeat: readonly FakeAction[]): FakeAction => ({ repeat, times: n });
const ERROR = { name: 'Error', message: 'x', stack: '' };

/** It breaks the protocol: the attacker gets an error, the VM is ended at once. */
function broken(name: string, ...onRun: readonly FakeAction[]): ProtocolAttack {
  return { name, onRun, expected: ends('VM_CRASHED'), reason: 'protocol' };
}

/** It ends otherwise. */
function ended(name: string, code: Code, reason: RetireReason, ...onRun: readonly FakeAction[]): ProtocolAttack {
  return { name, onRun, expected: ends(code), reason };
}

/** Its answer is one that it may give; then it is not fit for anybody else. */
function lies(name: string, expected: Expected, reason: RetireReason, ...onRun: readonly FakeAction[]): ProtocolAttack {
  return { name, onRun, expected, reason };
}

/** It misbehaves before it has any work; a real VM does the attacker's. */
function atStart(name: string, reason: RetireReason, ...actions: readonly FakeAction[]): ProtocolAttack {
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
  broken('five attachments', text(JSON.stringify({ ...RAN, id: 1 }), '', '', '', '', '')),
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
  ended('a large frame that never ends', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', raw(...u32(4_000_000), ...u32(100)), times(1000, raw(...Array<number>(1000).fill(32)))),

  // Messages.
  broken('a message without type', text('{"id":$id}')),
  broken('a message of no known type', text('{"type":"exec","id":$id,"command":"id"}')),
  broken('a request', text('{"type":"run","id":$id,"script":{"key":"a","name":"a","wrap":"script"},"timeoutMs":1}', '1')),
  broken('a message with one member more', answer({ tenant: 'alice' }, '1')),
  broken('a message with __proto__', text('{"__proto__":{"type":"ran"},"type":"ran","id":$id,"outcome":{"kind":"value"},"logs":[],"cpuMs":1,"heapBytes":1}', '1')),
  broken('a message whose type is inherited', text('{"__proto__":{"type":"ran","outcome":{"kind":"value"}},"id":$id}', '1')),
  broken('an outcome of no known kind', answer({ outcome: { kind: 'granted' } })),
  broken('an outcome with a value of its own', answer({ outcome: { kind: 'value', value: 1 } }, '1')),
  broken('usage that is NaN', text('{"type":"ran","id":$id,"outcome":{"kind":"value"},"logs":[],"cpuMs":NaN,"heapBytes":1}', '1')),
  broken('usage that is infinite', text('{"type":"ran","id":$id,"outcome":{"kind":"value"},"logs":[],"cpuMs":1e999,"heapBytes":1}', '1')),
  broken('usage that is negative', answer({ cpuMs: -1 }, '1')),
  broken('usage that is text', answer({ heapBytes: '1' }, '1')),
  broken('usage that is no whole number', answer({ heapBytes: 1.5 }, '1')),
  broken('logs that are no list', answer({ logs: { length: 1e9 } }, '1')),
  broken('a log of no known level', answer({ logs: [{ level: 'fatal', message: '' }] }, '1')),
  broken('a log that is no text', answer({ logs: [{ level: 'log', message: { toString: 1 } }] }, '1')),
  broken('an error of a megabyte', text(`{"type":"ran","id":$id,"outcome":{"kind":"threw","error":{"name":"E","message":"${'x'.repeat(70_000)}","stack":""}},"logs":[],"cpuMs":1,"heapBytes":1}`)),
  broken('an error at line 0', threw({ ...ERROR, line: 0, column: 1 })),
  broken('an error at line 1e308', threw({ ...ERROR, line: 1e308, column: 1 })),
  broken('a result larger than anybody asked for', result(`"${'x'.repeat(70_000)}"`)),
  broken('a result that is no JSON', result('{"a":'), RECYCLED),
  broken('a result that is no text', { text: JSON.stringify({ ...RAN, id: 1 }).replace('"id":1', '"id":$id') }, RECYCLED),

  // Order.
  broken('a reply to a request of the future', text(JSON.stringify({ ...RAN, id: 99 }), '1')),
  broken('a reply to no request', text(JSON.stringify({ ...RAN, id: -1 }), '1')),
  broken('a reply whose id is text', text('{"type":"ran","id":"$id","outcome":{"kind":"value"},"logs":[],"cpuMs":1,"heapBytes":1}', '1')),
  broken('ready, again', READY),
  broken('done, for a script', { answer: { type: 'done' } }),
  broken('compiled, for a script', { answer: { type: 'compiled', outcome: { kind: 'compiled' } } }),
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
  lies('compiled code that is garbage', value(1), 'unhealthy', result('1', 'garbage'.repeat(1000)), RECYCLED),
  lies('no word of having recycled', value(1), 'unhealthy', result('1')),
  lies('an error that nobody threw', ends('SCRIPT_ERROR'), 'unhealthy', threw({ ...ERROR, message: '\u0000\ud800' }), RECYCLED),
  lies('that the script is no JavaScript', ends('COMPILATION_FAILED'), 'unhealthy', answer({ outcome: { kind: 'not-compiled', error: ERROR } }), RECYCLED),
  { name: 'that it has forgotten its tenant', onRun: [result('1'), RECYCLED], onNext: [{ answer: { type: 'done' } }, RECYCLED], nextWantsProcess: true, expected: value(1), reason: 'rebind' },
  { name: 'done, with the answer of the next', onRun: [result('1'), RECYCLED], onNext: [{ answer: { type: 'done' } }, text('{"type":"ran","id":3,"outcome":{"kind":"value"},"logs":[],"cpuMs":1,"heapBytes":1}', '"forged"')], nextWantsProcess: true, expected: value(1), reason: 'rebind' },
  { name: 'garbage, when it is to forget its tenant', onRun: [result('1'), RECYCLED], onNext: [raw(...u32(1))], expected: value(1), reason: 'protocol' },

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
  atStart('a reply in place of ready', 'start', text(JSON.stringify({ ...RAN, id: 0 }), '1')),
  atStart('ready twice', 'protocol', READY, READY),
  atStart('a reply before the request', 'protocol', READY, text(JSON.stringify({ ...RAN, id: 1 }), '"forged"')),
  atStart('an exit right after ready', 'crashed', READY, { exitWith: 0 }),
];
