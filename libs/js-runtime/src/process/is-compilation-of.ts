import { MAX_CODE_CACHE_BYTES, type ScriptHeader, type ScriptLanguage } from '../protocol/messages.ts';
import type { CompileReply } from './vm-request.ts';

/** Whether an honest VM can have made this of a source. */
export function isCompilationOf(
  { wrap }: ScriptHeader,
  language: ScriptLanguage,
  source: string,
  { outcome, codeCache, javascript }: CompileReply,
): boolean {
  const isTypeScript = language === 'typescript';
  if (outcome.kind === 'parser-overflowed') return isTypeScript;
  if (outcome.kind !== 'compiled') return outcome.kind !== 'not-held';
  if (wrap !== 'module' && outcome.imports.length > 0) return false;
  if (codeCache && (wrap === 'module' || codeCache.byteLength > MAX_CODE_CACHE_BYTES)) return false;
  // Blanks take the place of types, so the length stays; nothing is left out of JavaScript, nor of nothing.
  return isTypeScript ? (javascript ?? '').length === source.length : javascript === undefined;
}
