import { stripTypeScriptTypes } from 'node:module';
import type { ScriptHeader } from '../protocol/messages.ts';
import { inBody, unwrapBody, wrapBody } from './function-body.ts';
import { NotCompiled, syntaxError, type Position } from './syntax-error.ts';

/**
 * The parser, which is WebAssembly, has trapped: mostly out of stack. What it was at is still half done, and every later call
 * would trap as well.
 */
export class ParserOverflowed extends Error {}

/**
 * Takes the types out of TypeScript. Blanks take their place, so that every position stays what it was.
 *
 * @throws NotCompiled for a wrong syntax, and for what is more than types: enums, namespaces, parameter properties
 * @throws ParserOverflowed
 */
export function stripTypes({ name, wrap }: ScriptHeader, source: string): string {
  const isBody = wrap === 'function';
  let text: string;
  try {
    text = stripTypeScriptTypes(isBody ? wrapBody(source) : source);
  } catch (error) {
    const { code, message, stack = '' } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_INVALID_TYPESCRIPT_SYNTAX' && code !== 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
      throw new ParserOverflowed();
    }
    const info = syntaxError('SyntaxError', message, name, positionOf(stack, source, isBody ? 1 : 0));
    throw new NotCompiled(isBody ? inBody(info, source) : info);
  }
  // It takes out a byte order mark, too.
  const stripped = isBody ? unwrapBody(text) : source.startsWith(BOM) ? BOM + text : text;
  // The backend would not believe it either.
  if (stripped.length !== source.length) {
    throw new NotCompiled(syntaxError('SyntaxError', 'The types cannot be taken out of this source', name));
  }
  return stripped;
}

const BOM = '\ufeff';

/**
 * Node says where only in the stack, as a picture: `:12`, some lines, and below the last of them carets, or nothing when it is the
 * end of the source that is wrong.
 */
function positionOf(stack: string, source: string, lineOffset: number): Position | undefined {
  const [head = '', ...picture] = stack.split('\n');
  const line = Number(/:(\d+)$/.exec(head)?.[1] ?? 0) - lineOffset;
  if (line < 1) return undefined;
  const marks = picture.find((text) => /^ *\^+$/.test(text));
  const text = source.split(/\r\n|[\n\r\u2028\u2029]/, line)[line - 1] ?? '';
  return { line, column: marks === undefined ? text.length + 1 : columnOf(text, marks.indexOf('^')) };
}

/** In the picture, tabs go to the next multiple of this. Wide characters are not made up for. */
const TAB_WIDTH = 4;

function columnOf(line: string, width: number): number {
  let index = 0;
  for (let at = 0; at < width && index < line.length; index++)
    at += line[index] === '\t' ? TAB_WIDTH - (at % TAB_WIDTH) : 1;
  return index + 1;
}
