import type { ScriptErrorInfo } from '../protocol/messages.ts';

/** The source is not what it should be. */
export class NotCompiled extends Error {
  readonly info: ScriptErrorInfo;

  constructor(info: ScriptErrorInfo) {
    super(info.message);
    this.info = info;
  }
}

/** V8 quotes the source in a message, however long a regular expression or a label in it is. */
const MAX_MESSAGE_CHARS = 8192;

export interface Position {
  readonly line: number;
  readonly column: number;
}

export function syntaxError(name: string, message: string, file: string, position?: Position): ScriptErrorInfo {
  const text = message.slice(0, MAX_MESSAGE_CHARS);
  const header = `${name}: ${text}`;
  if (!position) return { name, message: text, stack: header, file };
  return {
    name,
    message: text,
    stack: `${header}\n    at ${file}:${position.line}:${position.column}`,
    file,
    ...position,
  };
}

/** isolated-vm appends the position to the message of an error of V8's parser: `Unexpected token ';' [name.js:2:10]`. */
export function parserError(error: unknown, file: string): ScriptErrorInfo {
  const { name, message } = error as Error;
  const [, text, line, column] = /^(.*) \[[^\n]*:(\d+):(\d+)\]$/s.exec(message) ?? [];
  if (text === undefined || Number(line) < 1) return syntaxError(name, text ?? message, file);
  return syntaxError(name, text, file, { line: Number(line), column: Number(column) });
}
