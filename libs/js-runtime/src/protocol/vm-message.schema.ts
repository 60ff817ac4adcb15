import { z } from 'zod';
import { ProtocolError } from './frame.ts';
import { MAX_IMPORTS, MAX_SPECIFIER_CHARS, type VmMessage } from './messages.ts';

const MAX_TEXT = 64 * 1024;
/** `maxLogEntries` can be 100 000, and one more entry says that there were more. */
const MAX_LOGS = 100_001;
/** `maxModules` can be as many. */
const MAX_UNITS = 1000;

/** Many more than wait in line anywhere. */
const MAX_RECALLED = 10_000;

/** Two names of 64 characters, and a dot. */
const MAX_API_CHARS = 129;

const id = z.int().nonnegative();
const position = z.int().positive().optional();
const error = z.strictObject({
  name: z.string().max(MAX_TEXT),
  message: z.string().max(MAX_TEXT),
  stack: z.string().max(MAX_TEXT),
  file: z.string().max(MAX_TEXT).optional(),
  line: position,
  column: position,
  code: z.string().max(MAX_TEXT).optional(),
});

const logEntry = z.strictObject({ level: z.enum(['log', 'info', 'warn', 'error', 'debug']), message: z.string() });

const runOutcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('value') }),
  z.strictObject({ kind: z.literal('undefined') }),
  z.strictObject({ kind: z.literal('threw'), error, isApiError: z.boolean().optional() }),
  z.strictObject({ kind: z.literal('not-compiled'), error }),
  z.strictObject({ kind: z.literal('not-held') }),
  z.strictObject({ kind: z.literal('not-serializable'), message: z.string().max(MAX_TEXT) }),
  z.strictObject({ kind: z.literal('result-too-large'), bytes: z.int().nonnegative() }),
  z.strictObject({ kind: z.literal('timed-out'), stack: z.string().max(MAX_TEXT) }),
  z.strictObject({ kind: z.literal('out-of-cpu'), stack: z.string().max(MAX_TEXT) }),
  z.strictObject({ kind: z.literal('cancelled') }),
  z.strictObject({ kind: z.literal('lost') }),
  z.strictObject({ kind: z.literal('out-of-memory') }),
]);

const vmMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({
    type: z.literal('ran'),
    id,
    outcome: runOutcome,
    refused: z.array(z.int().nonnegative()).max(MAX_UNITS),
    logs: z.array(logEntry).max(MAX_LOGS),
    cpuMs: z.number().nonnegative(),
    heapBytes: z.int().nonnegative(),
  }),
  z.strictObject({
    type: z.literal('compiled'),
    id,
    outcome: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('compiled'),
        imports: z.array(z.string().max(MAX_SPECIFIER_CHARS)).max(MAX_IMPORTS),
      }),
      z.strictObject({ kind: z.literal('out-of-memory') }),
      z.strictObject({ kind: z.literal('not-held') }),
      z.strictObject({ kind: z.literal('parser-overflowed') }),
      z.strictObject({ kind: z.literal('not-compiled'), error }),
    ]),
    cpuMs: z.number().nonnegative(),
  }),
  z.strictObject({ type: z.literal('began'), id }),
  z.strictObject({ type: z.literal('woken'), id }),
  z.strictObject({ type: z.literal('recalled'), ids: z.array(id).max(MAX_RECALLED) }),
  z.strictObject({ type: z.literal('done'), id }),
  z.strictObject({ type: z.literal('recycled'), id, replaced: z.boolean() }),
  z.strictObject({ type: z.literal('replaced') }),
]);

/**
 * Takes a header for what it claims to be only if it has exactly that shape: a VM process may be in the hands of a
 * script that broke out of its isolate.
 *
 * @throws ProtocolError
 */
export function parseVmMessage(header: unknown): VmMessage {
  if (isCall(header) || isRecycled(header) || isPlainRun(header)) return header;
  const parsed = vmMessage.safeParse(header);
  // Only the kind of the first problem: the rest may be as long as the message.
  if (!parsed.success) throw new ProtocolError(`unknown message: ${parsed.error.issues[0]?.code ?? 'no reason'}`);
  return parsed.data;
}

/** As the schema has it, in a fraction of the time: there is one for every call of a host API. */
function isCall(header: unknown): header is VmMessage & { type: 'call' } {
  if (!isObjectOf(4, header)) return false;
  const message = header as Partial<VmMessage & { type: 'call' }>;
  return message.type === 'call' && isId(message.id) && isId(message.call) && isApiName(message.api);
}

/** There is one for every execution. */
function isRecycled(header: unknown): header is VmMessage & { type: 'recycled' } {
  if (!isObjectOf(3, header)) return false;
  const message = header as Partial<VmMessage & { type: 'recycled' }>;
  return message.type === 'recycled' && isId(message.id) && typeof message.replaced === 'boolean';
}

/** What most executions come to: a value, without logs. */
function isPlainRun(header: unknown): header is VmMessage & { type: 'ran' } {
  if (!isObjectOf(7, header)) return false;
  const { type, id, outcome, refused, logs, cpuMs, heapBytes } = header as Partial<VmMessage & { type: 'ran' }>;
  if (type !== 'ran' || !isObjectOf(1, outcome) || (outcome.kind !== 'value' && outcome.kind !== 'undefined'))
    return false;
  return (
    isId(id) && isEmpty(refused) && isEmpty(logs) && isId(heapBytes) && Number.isFinite(cpuMs) && (cpuMs ?? -1) >= 0
  );
}

function isObjectOf<T>(keys: number, value: T): value is T & object {
  return typeof value === 'object' && value !== null && Object.keys(value).length === keys;
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isId(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isApiName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_API_CHARS;
}
