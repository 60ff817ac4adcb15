import type { ScriptErrorInfo } from '../protocol/messages.ts';
import { REALM_FILE_NAME } from './realm/realm-source.ts';

const FRAME = '    at ';
/** Files of this process and of the bridge. An error that was copied out without a stack of its own has their frames. */
const HOST_FILES = [new URL('.', import.meta.url).href, REALM_FILE_NAME];
const NODE_FILE = /[( ]node:[a-z]/;
/** Where isolated-vm joins the stack of the process outside; nothing after it is the script's business. */
const BOUNDARY = '(<isolated-vm boundary>)';

/** An error as it was flattened where it was thrown. */
export interface RawError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
}

/**
 * Keeps of a stack only its message and the frames of the script and its modules, and reads the position off the first of them.
 * The text may be the script's own invention; it can only mislead the script's author.
 */
export function describeForAuthor(raw: RawError, scriptNames: readonly string[]): ScriptErrorInfo {
  const { name, message, code } = raw;
  const header = `${name}: ${message}`;
  const frames: string[] = [];
  for (const line of raw.stack.split('\n')) {
    if (line.includes(BOUNDARY)) break;
    if (line.startsWith(FRAME) && scriptNames.some((name) => line.includes(`${name}:`)) && !isOurs(line))
      frames.push(line);
  }
  const position = frames[0] === undefined ? undefined : positionOf(frames[0], scriptNames);
  return { name, message, stack: [header, ...frames].join('\n'), ...position, ...(code !== undefined && { code }) };
}

interface FilePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Whether a line of a stack is not the script's business. */
export function isOurs(line: string): boolean {
  return line.startsWith(FRAME) && (HOST_FILES.some((file) => line.includes(file)) || NODE_FILE.test(line));
}

function positionOf(frame: string, scriptNames: readonly string[]): FilePosition | undefined {
  const [, where, line, column] = /^(.*):(\d{1,9}):(\d{1,9})\)?$/s.exec(frame) ?? [];
  if (where === undefined || !(Number(line) > 0 && Number(column) > 0)) return undefined;
  // One name may be the end of another.
  const names = scriptNames.filter((name) => where.endsWith(name)).sort((a, b) => b.length - a.length);
  return names[0] === undefined ? undefined : { file: names[0], line: Number(line), column: Number(column) };
}
