import { ProtocolError } from './frame.ts';
import { parseVmMessage } from './vm-message.schema.ts';

const MAX_TEXT = 64 * 1024;
const MOST_IMPORTS = Array<string>(256).fill('x'.repeat(512));
const error = { name: 'TypeError', message: 'no', stack: 'TypeError: no\n    at a.js:1:2', line: 1, column: 2 };
const ran = { type: 'ran', id: 3, outcome: { kind: 'undefined' }, refused: [], logs: [], cpuMs: 1.5, heapBytes: 1024 };
const threw = { ...ran, outcome: { kind: 'threw', error } };

/** A header as it arrives: only what JSON can say. */
function fromWire(header: unknown): unknown {
  return JSON.parse(JSON.stringify(header)) as unknown;
}

function ranWith(outcome: unknown): unknown {
  return { ...ran, outcome };
}

function compiledWith(outcome: unknown): unknown {
  return { type: 'compiled', id: 1, outcome, cpuMs: 2 };
}

function threwWith(changes: object): unknown {
  return { ...ran, outcome: { kind: 'threw', error: { ...error, ...changes } } };
}

describe('parseVmMessage', () => {
  it.each([
    ['ready', { type: 'ready' }],
    ['done', { type: 'done', id: 0 }],
    ['recycled', { type: 'recycled', id: 12, replaced: true }],
    ['ran', { ...ran, outcome: { kind: 'out-of-cpu', stack: '' }, refused: [0, 3] }],
    ['compiled', compiledWith({ kind: 'compiled', imports: ['./a.js'] })],
    ['compiled: as many imports as there can be', compiledWith({ kind: 'compiled', imports: MOST_IMPORTS })],
    ['compiled, but not', compiledWith({ kind: 'not-compiled', error: { ...error, file: 'a.js' } })],
    ['compiled: not held', compiledWith({ kind: 'not-held' })],
    ['compiled: the parser overflowed', compiledWith({ kind: 'parser-overflowed' })],
    ['compiled: out of memory', compiledWith({ kind: 'out-of-memory' })],
    ['ran: not held', ranWith({ kind: 'not-held' })],
    ['ran: value', ranWith({ kind: 'value' })],
    ['ran: undefined', ran],
    ['ran: threw', threw],
    ['ran: threw, position unknown', ranWith({ kind: 'threw', error: { name: '', message: '', stack: '' } })],
    ['ran: not compiled', ranWith({ kind: 'not-compiled', error })],
    ['ran: not serializable', ranWith({ kind: 'not-serializable', message: 'a cycle' })],
    ['ran: result too large', ranWith({ kind: 'result-too-large', bytes: 2_000_000 })],
    ['ran: timed out', ranWith({ kind: 'timed-out', stack: '' })],
    ['ran: out of memory', ranWith({ kind: 'out-of-memory' })],
    [
      'ran: logs of every level',
      { ...ran, logs: ['log', 'info', 'warn', 'error', 'debug'].map((level) => ({ level, message: 'ä' })) },
    ],
    ['ran: as many log entries as there can be', { ...ran, logs: Array(100_001).fill({ level: 'log', message: '' }) }],
    ['a text as long as allowed', threwWith({ message: 'x'.repeat(MAX_TEXT) })],
  ])('takes %s', (_, message) => {
    expect(parseVmMessage(fromWire(message))).toEqual(message);
  });

  it.each([
    ['null', null],
    ['a string', 'ready'],
    ['a number', 7],
    ['a list', [ran]],
    ['an empty object', {}],
    ['no type', { id: 1 }],
    ['an unknown type', { type: 'gone', id: 1 }],
    ['a type of Object.prototype', { type: 'constructor', id: 1 }],
    ['a type that is no string', { type: ['done'], id: 1 }],
    ['a request', { type: 'reset', id: 1 }],

    ['no id', { type: 'done' }],
    ['a negative id', { type: 'done', id: -1 }],
    ['a fraction as id', { type: 'done', id: 1.5 }],
    ['a string as id', { type: 'done', id: '1' }],
    ['an id beyond the safe integers', { type: 'done', id: 2 ** 53 }],
    ['NaN as id, which JSON writes as null', { type: 'done', id: NaN }],

    ['a key too many in done', { type: 'done', id: 1, extra: true }],
    ['a key too many in ready', { type: 'ready', id: 0 }],
    ['a key too many in ran', { ...ran, resultJson: '{}' }],
    ['a key too many in an outcome', ranWith({ kind: 'value', value: 1 })],
    ['a key too many in an error', threwWith({ cause: 'x' })],
    ['a key too many in a log entry', { ...ran, logs: [{ level: 'log', message: '', tenant: 'globex' }] }],

    ['a missing key in ran', { ...ran, heapBytes: undefined }],
    ['a missing outcome', { ...ran, outcome: undefined }],
    ['an error without a stack', threwWith({ stack: undefined })],

    ['an unknown outcome', ranWith({ kind: 'fine' })],
    ['an outcome of compile in ran', ranWith({ kind: 'compiled' })],
    ['an outcome of ran in compiled', compiledWith({ kind: 'value' })],
    ['an import too many', compiledWith({ kind: 'compiled', imports: [...MOST_IMPORTS, 'a'] })],
    ['an import that is too long', compiledWith({ kind: 'compiled', imports: ['x'.repeat(513)] })],
    ['an import that is no string', compiledWith({ kind: 'compiled', imports: [1] })],
    ['imports that are none', compiledWith({ kind: 'compiled', imports: 'abc' })],
    ['compiled without imports', compiledWith({ kind: 'compiled' })],
    ['compiled without CPU time', { type: 'compiled', id: 1, outcome: { kind: 'not-held' } }],
    ['a refused unit that there cannot be', { ...ran, refused: [-1] }],
    ['more refused units than there can be', { ...ran, refused: Array(1001).fill(0) }],
    ['a file name that is no string', threwWith({ file: 1 })],
    ['a file name that is too long', threwWith({ file: 'x'.repeat(MAX_TEXT + 1) })],
    ['an outcome that is a string', ranWith('value')],

    ['a name that is no string', threwWith({ name: 1 })],
    ['a message that is null', threwWith({ message: null })],
    ['a line 0', threwWith({ line: 0 })],
    ['a negative column', threwWith({ column: -1 })],
    ['a line that is a string', threwWith({ line: '1' })],
    ['a name that is too long', threwWith({ name: 'x'.repeat(MAX_TEXT + 1) })],
    ['a message that is too long', threwWith({ message: 'x'.repeat(MAX_TEXT + 1) })],
    ['a stack that is too long', threwWith({ stack: 'x'.repeat(MAX_TEXT + 1) })],
    ['a stack of a timeout that is too long', ranWith({ kind: 'timed-out', stack: 'x'.repeat(MAX_TEXT + 1) })],
    ['a reason that is too long', ranWith({ kind: 'not-serializable', message: 'x'.repeat(MAX_TEXT + 1) })],
    ['a negative result size', ranWith({ kind: 'result-too-large', bytes: -1 })],
    ['a fraction of a byte', ranWith({ kind: 'result-too-large', bytes: 0.5 })],

    ['logs that are no list', { ...ran, logs: {} }],
    ['more log entries than there can be', { ...ran, logs: Array(100_002).fill({ level: 'log', message: '' }) }],
    ['an unknown log level', { ...ran, logs: [{ level: 'trace', message: '' }] }],
    ['a log message that is no string', { ...ran, logs: [{ level: 'log', message: {} }] }],

    ['a negative CPU time', { ...ran, cpuMs: -0.1 }],
    ['a CPU time that is a string', { ...ran, cpuMs: '1' }],
    ['an infinite CPU time, which JSON writes as null', { ...ran, cpuMs: Infinity }],
    ['a negative heap', { ...ran, heapBytes: -1 }],
    ['a fraction as heap', { ...ran, heapBytes: 0.5 }],
  ])('refuses %s', (_, message) => {
    expect(() => parseVmMessage(fromWire(message))).toThrow(ProtocolError);
  });

  it.each([
    ['in place of the type', '{"__proto__":{"type":"done"},"id":1}'],
    ['beside everything else', '{"type":"done","id":1,"__proto__":{"x":1}}'],
    ['in place of the id', '{"type":"done","__proto__":{"id":1}}'],
    [
      'inside an outcome',
      '{"type":"compiled","id":1,"cpuMs":1,"outcome":{"kind":"compiled","imports":[],"__proto__":{}}}',
    ],
    ['in place of the kind', '{"type":"compiled","id":1,"cpuMs":1,"outcome":{"__proto__":{"kind":"not-held"}}}'],
  ])('refuses __proto__ %s', (_, json) => {
    expect(() => parseVmMessage(JSON.parse(json))).toThrow(ProtocolError);
  });

  it.each([NaN, Infinity])('refuses %p as a number, also where it did not come as JSON', (value) => {
    expect(() => parseVmMessage({ type: 'done', id: value })).toThrow(ProtocolError);
    expect(() => parseVmMessage({ ...ran, cpuMs: value })).toThrow(ProtocolError);
    expect(() => parseVmMessage({ ...ran, heapBytes: value })).toThrow(ProtocolError);
  });

  it('pollutes nothing', () => {
    expect(() =>
      parseVmMessage(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"p":1}}}')),
    ).toThrow(ProtocolError);
    expect({}).not.toHaveProperty('polluted');
    expect({}).not.toHaveProperty('p');
  });
});
