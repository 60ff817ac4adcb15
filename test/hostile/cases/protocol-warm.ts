import type { RetireReason } from 'nestjs-js-runtime';
import type { FakeAction } from '../../../libs/js-runtime/test-support/fake-vm.ts';
import { ends, value, type Code, type Expected } from '../attack.ts';
import { answer, ERROR, NOT_HELD, raw, RECYCLED, result, text, times, u32, type ProtocolAttack } from './protocol.ts';

/** What its first run comes to, which is honest: the realm is kept then. */
export const FIRST_VALUE = 0;
const HONEST_RUN = [result(String(FIRST_VALUE)), RECYCLED];
/** The id of that run: the first of all was to compile. */
const RUN_ID = 2;

type Bytes = readonly (number | 'id')[];
const ascii = (chars: string): number[] => [...Buffer.from(chars)];
/** A plain answer: the two length fields, the id, CPU, heap, and what comes after. */
const plain = (
  after: readonly number[],
  {
    id = ['id'],
    cpu = 1,
    heap = 1,
    moreBytes = 0,
  }: { id?: Bytes; cpu?: number; heap?: number; moreBytes?: number } = {},
): FakeAction => {
  const length = u32(18 + after.length + moreBytes);
  return { rawWithId: [...length, ...u32(0), 0, 0, ...id, ...u32(cpu), ...u32(heap), ...after] };
};
const valued = (json: string): FakeAction => plain([1, ...ascii(json)]);
const SEVEN = valued('7');
const call = (number: number, id = '$id'): FakeAction =>
  text(`{"type":"call","id":${id},"call":${number},"api":"bait.echo"}`, '[]');

/** What it does when it is to invoke. */
function invoked(
  name: string,
  expected: Expected,
  reason: RetireReason,
  ...onInvoke: readonly FakeAction[]
): ProtocolAttack {
  const read = { wrap: 'function', realm: 'warm' } as const;
  return {
    name: `warm: ${name}`,
    read,
    script: 'return 1',
    onRun: HONEST_RUN,
    onInvokes: [onInvoke],
    expected,
    reason,
  };
}
const broken = (name: string, ...onInvoke: readonly FakeAction[]): ProtocolAttack =>
  invoked(name, ends('VM_CRASHED'), 'protocol', ...onInvoke);
const ended = (name: string, code: Code, reason: RetireReason, ...onInvoke: readonly FakeAction[]): ProtocolAttack =>
  invoked(name, ends(code), reason, ...onInvoke);
/** It may give such an answer. When it is to forget its tenant, it does something else, which ends it at once. */
const lies = (name: string, expected: Expected, ...onInvoke: readonly FakeAction[]): ProtocolAttack => ({
  ...invoked(name, expected, 'protocol', ...onInvoke),
  onNext: [raw(...u32(1))],
});
/** The attacker has its answer; what comes then ends the VM. */
const goesTooFar = (name: string, ...then: readonly FakeAction[]): ProtocolAttack =>
  invoked(name, value(7), 'protocol', SEVEN, ...then);

/** What a VM in an attacker's hands may make of invocations of a realm that it is to keep. */
// prettier-ignore
export const protocolWarm: readonly ProtocolAttack[] = [
  // Plain answers.
  lies('an honest answer', value(7), SEVEN),
  lies('an honest answer of nothing', value(undefined), plain([0])),
  broken('an answer to no request', plain([1, 55], { id: u32(0) })),
  broken('an answer to the run before', plain([1, 55], { id: u32(RUN_ID) })),
  broken('an answer to an invocation of the future', plain([1, 55], { id: u32(RUN_ID + 2) })),
  goesTooFar('an answer twice', SEVEN),
  goesTooFar('an answer, and one to the next', plain([1, 55], { id: u32(RUN_ID + 2) })),
  broken('an answer of no known kind', plain([2, 55])),
  broken('nothing, with a value', plain([0, 55])),
  broken('a value, without one', plain([1])),
  broken('an answer without a kind', plain([])),
  broken('an answer that is an id', { rawWithId: [...u32(10), ...u32(0), 0, 0, 'id'] }),
  broken('an answer that is half an id', raw(...u32(6), ...u32(0), 0, 0)),
  broken('an answer of 4 GB', { rawWithId: [...u32(2 ** 32 - 1), ...u32(0), 'id'] }),
  broken('an answer of 64 MB', plain([1], { moreBytes: 2 ** 26 })),
  broken('an answer a little larger than allowed', plain([1, 34], { moreBytes: 66_001 }), times(66, raw(...Array<number>(1000).fill(120))), raw(34)),
  ended('an answer longer than it is', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', plain([1, 55], { moreBytes: 1 })),
  broken('a value that is no JSON', valued('{')),
  broken('a value that is two', valued('1 2')),
  broken('a value that is no UTF-8', plain([1, 0xff, 0xfe])),
  lies('a value 1001 deep', ends('RESULT_NOT_SERIALIZABLE'), valued('['.repeat(1001) + ']'.repeat(1001))),
  lies('a value with a key __proto__', value(JSON.parse('{"__proto__":{"polluted":1}}')), valued('{"__proto__":{"polluted":1}}')),
  lies('more CPU and memory than there is', value(7), plain([1, 55], { cpu: 2 ** 32 - 1, heap: 2 ** 32 - 1 })),

  // Other answers.
  lies('an answer with logs', value(7), answer({ logs: [{ level: 'log', message: 'x' }] }, '7')),
  broken('an answer with more logs than allowed', answer({ logs: Array(3).fill({ level: 'log', message: 'x'.repeat(30_000) }) }, '7')),
  broken('an answer without a value', answer({})),
  broken('an answer whose value is too large', answer({}, `"${'x'.repeat(66_000)}"`)),
  broken('an answer to the run before, once more', text(JSON.stringify({ type: 'ran', id: RUN_ID, outcome: { kind: 'undefined' }, refused: [], logs: [], cpuMs: 1, heapBytes: 1 }), '')),
  goesTooFar('both answers', answer({}, '7')),
  broken('that it has compiled', { answer: { type: 'compiled', outcome: { kind: 'compiled', imports: [] }, cpuMs: 1 } }),
  broken('that it is done', { answer: { type: 'done' } }),
  broken('that it is ready', { send: { type: 'ready' } }),
  broken('that it has recycled', RECYCLED),
  broken('a request to invoke', text('{"type":"invoke","realm":1,"items":[]}')),
  lies('that it is none', ends('COMPILATION_FAILED'), answer({ outcome: { kind: 'not-compiled', error: ERROR } })),
  broken('code that V8 has refused', answer({ refused: ['0'] }, '7')),

  // That it does not hold the realm, or gives invocations back.
  { ...lies('not held, again and again', value(FIRST_VALUE)), onInvokes: Array<FakeAction[]>(9).fill([answer({ outcome: NOT_HELD })]), goesOn: true },
  ended('not held, and silence', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', answer({ outcome: NOT_HELD })),
  broken('not held, twice', answer({ outcome: NOT_HELD }), answer({ outcome: NOT_HELD })),
  broken('given back, which nobody has asked for', text('{"type":"recalled","ids":[$id]}')),
  broken('none given back, which nobody has asked for', text('{"type":"recalled","ids":[]}')),
  goesTooFar('given back, after the answer', text('{"type":"recalled","ids":[$id]}')),
  goesTooFar('none given back, 1e5 times', times(1e5, text('{"type":"recalled","ids":[]}'))),
  broken('given back what is no id', text('{"type":"recalled","ids":["$id"]}')),
  broken('given back 1e4 times the same', text(`{"type":"recalled","ids":[${Array(10_000).fill('$id').join()}]}`)),

  // That it begins one beside others, gives one up, or has lost one.
  broken('begun, beside nobody', text('{"type":"began","id":$id}')),
  broken('begun, one of the future', text(`{"type":"began","id":${RUN_ID + 2}}`)),
  broken('begun, the run before', text(`{"type":"began","id":${RUN_ID}}`)),
  broken('begun, what is no id', text('{"type":"began","id":"$id"}')),
  broken('woken, beside nobody', text('{"type":"woken","id":$id}')),
  broken('woken, one of the future', text(`{"type":"woken","id":${RUN_ID + 2}}`)),
  broken('woken, what is no id', text('{"type":"woken","id":"$id"}')),
  goesTooFar('begun, after the answer', text('{"type":"began","id":$id}')),
  broken('cancelled, which nobody has asked for', answer({ outcome: { kind: 'cancelled' } })),
  lies('lost, beside nobody', ends('VM_CRASHED'), answer({ outcome: { kind: 'lost' } })),

  // Calls of host APIs.
  { ...broken('a call of the run before', call(1, String(RUN_ID))), maxCalls: 0 },
  { ...broken('a call of an invocation of the future', call(1, String(RUN_ID + 2))), maxCalls: 0 },
  { ...goesTooFar('a call after the answer', call(1)), maxCalls: 0 },
  { ...broken('a call of the same number again', call(1), call(1)), maxCalls: 1 },
  { ...lies('a call, and an answer to come', value(7), call(1)), onAnswers: [[SEVEN]], maxCalls: 1 },
  { ...lies('a call that nobody waits for', value(7), text('{"type":"call","id":$id,"call":1,"api":"bait.wait"}', '[]'), call(2)), onAnswers: [[SEVEN]], maxCalls: 2, waitingCalls: 1 },
  { ...broken('a call, and not held', call(1), answer({ outcome: NOT_HELD })), maxCalls: 1 },
  { ...broken('a call, and given back', call(1), text('{"type":"recalled","ids":[$id]}')), maxCalls: 1 },

  // Ends.
  lies('timed out at once', ends('WALL_TIME_LIMIT_EXCEEDED'), answer({ outcome: { kind: 'timed-out', stack: '' } })),
  lies('out of CPU at once', ends('CPU_TIME_LIMIT_EXCEEDED'), answer({ outcome: { kind: 'out-of-cpu', stack: '' } })),
  ended('out of memory at once', 'MEMORY_LIMIT_EXCEEDED', 'memory', answer({ outcome: { kind: 'out-of-memory' } })),
  ended('an exit', 'VM_CRASHED', 'crashed', { exitWith: 0 }),
  ended('a closed pipe, and a life after it', 'VM_CRASHED', 'crashed', { closePipe: true }),
  ended('silence', 'WALL_TIME_LIMIT_EXCEEDED', 'wall'),
  ended('a loop', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', { useCpuMs: 20_000 }),
  broken('garbage', raw(...u32(1))),
];
