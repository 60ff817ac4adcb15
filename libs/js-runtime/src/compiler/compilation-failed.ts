import { codeFrameOf } from '../errors/code-frame.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { ScriptErrorInfo } from '../protocol/messages.ts';
import { requestedModule } from '../protocol/requested-module.ts';
import { positionOfImport } from './import-position.ts';

/** What an error may be in. The first is the script itself. */
export type Sources = readonly { readonly name: string; readonly source: string }[];

/**
 * An error of a VM's compiler, with the lines that it is about.
 *
 * @param specifier what could not be imported, where the error has no position of its own
 */
export function compilationFailed(
  error: ScriptErrorInfo,
  sources: Sources,
  specifier = requestedModule(error.message),
): JsRuntimeError {
  const { name, message, file = sources[0]?.name ?? '' } = error;
  const source = sources.find((one) => one.name === file)?.source ?? '';
  const isGuessed = error.line === undefined && specifier !== undefined;
  const { line, column } = (isGuessed ? positionOfImport(source, specifier) : undefined) ?? error;
  const position = line === undefined || column === undefined ? undefined : { line, column };
  const codeFrame = position && codeFrameOf(source, position.line, position.column);
  const where = position ? `${file}:${position.line}:${position.column}` : file;
  const text = `${name}: ${message}`;
  return new JsRuntimeError('COMPILATION_FAILED', `${text} (${where})`, {
    error: {
      name,
      message,
      stack: position ? `${text}\n    at ${where}` : text,
      file,
      ...position,
      ...(codeFrame === undefined ? {} : { codeFrame }),
    },
  });
}
