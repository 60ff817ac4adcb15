import type { ScriptErrorInfo } from '../protocol/messages.ts';
import { syntaxError, type Position } from './syntax-error.ts';

const BEFORE = '(async function () {\n';
const AFTER = '\n})';

/** A body as a script that evaluates to a function. It begins on a line of its own: with a line offset of -1, every position is the author's. */
export function wrapBody(body: string): string {
  return BEFORE + body + AFTER;
}

/** The body in what `wrapBody` made, also when that was changed inside since. */
export function unwrapBody(text: string): string {
  return text.slice(BEFORE.length, text.length - AFTER.length);
}

const LINE_END = /\r\n|[\n\r\u2028\u2029]/;

/** The position behind the last character of a source. */
export function endOf(source: string): Position {
  const lines = source.split(LINE_END);
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

/** What is wrong with a body. The wrapper is nothing that its author knows of: there, it is the end of the body that is wrong. */
export function inBody(error: ScriptErrorInfo, body: string): ScriptErrorInfo {
  const end = endOf(body);
  const { name, message, file = '', line } = error;
  if (line === undefined || line <= end.line) return error;
  return syntaxError(name, message.startsWith('Unexpected token') ? 'Unexpected end of input' : message, file, end);
}
