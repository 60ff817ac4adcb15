import type { FakeAction } from '../../../libs/js-runtime/test-support/fake-vm.ts';
import { ends, value } from '../attack.ts';
import {
  answer,
  atStart,
  broken,
  brokenCompile,
  ended,
  ERROR,
  lies,
  NOT_HELD,
  raw,
  READY,
  RECYCLED,
  result,
  text,
  times,
  u32,
  type ProtocolAttack,
} from './protocol.ts';

/** As many calls as may be under way, and may be made, where these attacks are made. */
export const CALL_LIMITS = { maxApiCalls: 8, maxApiCallsInFlight: 4, maxApiArgumentBytes: 1024 };

const call = (number: unknown, api: unknown = 'bait.echo', ...attachments: readonly string[]): FakeAction => ({
  answer: { type: 'call', call: number, api },
  attachments: attachments.length > 0 ? attachments : ['[]'],
});
const from = (first: number, count: number, api: string): FakeAction[] =>
  Array.from({ length: count }, (_, n) => call(first + n, api));
const forged = (id: string, number = '1'): FakeAction =>
  text(`{"type":"call","id":${id},"call":${number},"api":"bait.echo"}`, '[]');
const threw = (code: unknown, isApiError: unknown = true): FakeAction =>
  answer({ outcome: { kind: 'threw', error: { ...ERROR, code }, isApiError } });

/** Ends the VM at once, so that the next tenant does not wait until it has not forgotten its own. */
const GARBAGE = raw(...u32(1));

/** No VM of ours makes such a call: it is ended, and no method is called. */
function noCall(name: string, ...onRun: readonly FakeAction[]): ProtocolAttack {
  return { ...broken(`calls: ${name}`, ...onRun), maxCalls: 0 };
}

/** The call is refused, and no method is called. What the VM makes of that is its tenant's business. */
function refused(name: string, ...onRun: readonly FakeAction[]): ProtocolAttack {
  const attack = lies(`calls: ${name}`, value(1), 'protocol', ...onRun);
  return { ...attack, onAnswers: [[result('1'), GARBAGE]], maxCalls: 0 };
}

/** An error that no call came to is the script's own. */
function forgedCode(code: string): ProtocolAttack {
  return lies(`calls: an error with the code ${code}`, ends('SCRIPT_ERROR'), 'protocol', threw(code), GARBAGE);
}

/** What a VM in an attacker's hands may make of calls of host APIs. */
// prettier-ignore
export const protocolCalls: readonly ProtocolAttack[] = [
  // Of whom, and when.
  noCall('of a request of the future', forged('99')),
  noCall('of a request of the past', forged('1')),
  noCall('of no request', forged('-1')),
  noCall('of a request whose id is text', forged('"$id"')),
  noCall('of a request without id', text('{"type":"call","call":1,"api":"bait.echo"}', '[]')),
  { ...lies('calls: after the answer', value(1), 'protocol', result('1'), call(1)), maxCalls: 0 },
  { ...lies('calls: after it has recycled', value(1), 'protocol', result('1'), RECYCLED, call(1)), maxCalls: 0 },
  { ...lies('calls: when it is to forget its tenant', value(1), 'protocol', result('1'), RECYCLED), onNext: [call(1)], maxCalls: 0 },
  { ...brokenCompile('calls: compiling', [call(1)]), maxCalls: 0 },
  { ...atStart('calls: in place of ready', 'start', forged('0')), maxCalls: 0 },
  { ...atStart('calls: before the first request', 'protocol', READY, forged('0')), maxCalls: 0 },
  { ...atStart('calls: of the request to come', 'protocol', READY, forged('1')), maxCalls: 0 },
  { ...broken('calls: not held, after calls', call(1), answer({ outcome: NOT_HELD }), RECYCLED), goesOn: true, maxCalls: 1 },

  // Numbers.
  { ...broken('calls: the same number again', call(1), call(1)), maxCalls: 1 },
  { ...broken('calls: a smaller number', call(2), call(1)), maxCalls: 1 },
  { ...broken('calls: the greatest number, and one more', call(Number.MAX_SAFE_INTEGER), call(Number.MAX_SAFE_INTEGER)), maxCalls: 1 },
  noCall('number 0', call(0)),
  noCall('a negative number', call(-1)),
  noCall('half a number', call(1.5)),
  noCall('a number beyond all numbers', forged('$id', '1e999')),
  noCall('a number that is not exact', forged('$id', '9007199254740993')),
  noCall('a number that is text', call('1')),
  noCall('no number', text('{"type":"call","id":$id,"api":"bait.echo"}', '[]')),

  // Names.
  ...['', 'bait', 'bait.', '.echo', 'bait.calls', 'bait.constructor', 'bait.__proto__', '__proto__', 'constructor', 'toString',
    'bait.echo\u0000', 'BAIT.ECHO', 'bait.echo.call', 'b'.repeat(130), 'b'.repeat(60_000)].map((api) =>
    noCall(`of ${JSON.stringify(api.slice(0, 20))}, ${api.length} characters`, call(1, api))),
  noCall('of a name that is no text', call(1, ['bait.echo'])),
  noCall('with one member more', { answer: { type: 'call', call: 1, api: 'bait.echo', tenant: 'alice' }, attachments: ['[]'] }),
  noCall('with a key __proto__', text('{"__proto__":{"type":"call"},"id":$id,"call":1,"api":"bait.echo"}', '[]')),
  noCall('an answer to a call', text('{"type":"answer","id":$id,"call":1,"kind":"value"}', '1')),

  // Arguments.
  noCall('without arguments', { answer: { type: 'call', call: 1, api: 'bait.echo' } }),
  noCall('with arguments twice', call(1, 'bait.echo', '[]', '[]')),
  noCall('with arguments three times', call(1, 'bait.echo', '[]', '[]', '[]')),
  noCall('with a gigabyte of arguments', raw(...u32(2 ** 30), ...u32(2))),
  noCall('with arguments of 1 MB, where 1 KB is allowed', raw(...u32(2 ** 20), ...u32(2))),
  refused('arguments that are no JSON', call(1, 'bait.echo', '[1')),
  refused('arguments that are nothing', call(1, 'bait.echo', '')),
  refused('arguments that are two lists', call(1, 'bait.echo', '[][]')),
  refused('arguments that are an object', call(1, 'bait.echo', '{"length":1,"0":1}')),
  refused('arguments that are null', call(1, 'bait.echo', 'null')),
  refused('arguments 1001 deep', call(1, 'bait.echo', '['.repeat(1001) + ']'.repeat(1001))),
  refused('arguments of one byte too many', call(1, 'bait.echo', `["${'x'.repeat(1021)}"]`)),
  refused('arguments of 60 KB', call(1, 'bait.echo', `["${'x'.repeat(60_000)}"]`)),
  refused('arguments with a key __proto__', call(1, 'bait.echo', '[{"__proto__":{"polluted":1}}]')),
  refused('arguments with a key __proto__ in disguise', call(1, 'bait.echo', '[[{"\\u005f_pr\\u006fto_\\u005F" : {"polluted":1}}]]')),
  refused('what its tenant may not call', call(1, 'bait.denied')),
  refused('a method that takes no arguments, with one', call(1, 'bait.big', '[1]')),

  // Floods. Calls that are refused count like all others.
  { ...broken('calls: one too many under way', ...from(1, 5, 'bait.wait')), maxCalls: 4 },
  { ...broken('calls: 1e5 that wait', times(1e4, ...from(1, 10, 'bait.wait'))), maxCalls: 4 },
  { ...broken('calls: 1e5 that are answered, which it never reads', times(1e4, ...from(1, 10, 'bait.big'))), maxCalls: 4 },
  { ...broken('calls: one too many, each after the answer', call(1)), onAnswers: Array.from({ length: 8 }, (_, n) => [call(n + 2)]), maxCalls: 8 },
  { ...broken('calls: one too many, each refused', call(1, 'bait.denied')), onAnswers: Array.from({ length: 8 }, (_, n) => [call(n + 2, 'bait.denied')]), maxCalls: 0 },
  { ...ended('calls: as many as may be under way, and silence', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', ...from(1, 4, 'bait.wait')), maxCalls: 4, waitingCalls: 4 },
  { ...ended('calls: large answers that it never reads', 'WALL_TIME_LIMIT_EXCEEDED', 'wall', ...from(1, 4, 'bait.big'), { pauseMs: 20_000 }), maxCalls: 4 },

  // Ends, while a method works.
  ...([
    ['a result', value(1), 'unhealthy', [result('1'), RECYCLED]],
    ['an exit', ends('VM_CRASHED'), 'crashed', [{ exitWith: 0 }]],
    ['garbage', ends('VM_CRASHED'), 'protocol', [raw(...u32(1))]],
    ['a loop', ends('WALL_TIME_LIMIT_EXCEEDED'), 'wall', [{ useCpuMs: 20_000 }]],
    ['a lack of memory', ends('MEMORY_LIMIT_EXCEEDED'), 'memory', [answer({ outcome: { kind: 'out-of-memory' } })]],
    ['a closed pipe', ends('VM_CRASHED'), 'crashed', [{ closePipe: true }]],
  ] as const).map(([name, expected, reason, then]): ProtocolAttack => ({
    ...lies(`calls: ${name}, while methods work`, expected, reason, call(1, 'bait.wait'), call(2, 'bait.wait'), call(3)),
    onAnswers: [then],
    maxCalls: 3,
    waitingCalls: 2,
  })),

  // What it says that calls came to.
  ...['PERMISSION_DENIED', 'API_CALL_FAILED', 'API_CALL_TIMED_OUT', 'API_RESULT_TOO_LARGE', 'SHUTTING_DOWN', 'VM_CRASHED', 'CANCELLED',
    'TENANT_BUSY', 'UNAUTHENTICATED', 'TENANT_CONTEXT_MISSING', 'INVALID_REQUEST', '__proto__', 'constructor', 'toString', 'hasOwnProperty', ''].map(forgedCode),
  lies('calls: an error of arguments that nobody has seen', ends('API_CALL_INVALID'), 'protocol', threw('API_CALL_INVALID'), GARBAGE),
  { ...lies('calls: a refusal that there was, as an error of its own', ends('SCRIPT_ERROR'), 'protocol', call(1, 'bait.denied')), onAnswers: [[threw('PERMISSION_DENIED', false), GARBAGE]] },
  { ...lies('calls: a refusal that there was', ends('PERMISSION_DENIED'), 'protocol', call(1, 'bait.denied')), onAnswers: [[threw('PERMISSION_DENIED'), GARBAGE]] },
  { ...lies('calls: another refusal than there was', ends('SCRIPT_ERROR'), 'protocol', call(1, 'bait.denied')), onAnswers: [[threw('API_CALL_FAILED'), GARBAGE]] },
  broken('calls: an error of an API, as text', threw('PERMISSION_DENIED', 'true')),
  broken('calls: an error whose code is no text', threw(['PERMISSION_DENIED'])),
  broken('calls: an error whose code has 70 KB', threw('X'.repeat(70_000))),
  broken('calls: an error that brings details', answer({ outcome: { kind: 'threw', error: { ...ERROR, details: {} }, isApiError: true } })),
];
