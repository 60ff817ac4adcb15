import { hash } from 'node:crypto';
import type { ResourceLimits } from '../config/limits.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { ScriptLanguage, ScriptWrap } from '../protocol/messages.ts';
import { cacheKey } from './cache-key.ts';
import type { CompiledScript, SourceOptions } from './compiled-script.ts';

const WRAPS: readonly ScriptWrap[] = ['script', 'function', 'module'];
const LANGUAGES: readonly ScriptLanguage[] = ['javascript', 'typescript'];
const NAME_RULE = /^[^\p{Cc}]{1,256}$/u;

/**
 * Checks a source's name and size and gives it its id. Compiles nothing.
 *
 * @throws JsRuntimeError INVALID_REQUEST, SCRIPT_TOO_LARGE
 */
export function describeScript(
  toolchain: string,
  tenantId: string,
  name: string,
  source: string,
  { wrap = 'script', language = 'javascript' }: SourceOptions,
  { maxSourceBytes }: Pick<ResourceLimits, 'maxSourceBytes'>,
): CompiledScript {
  if (typeof name !== 'string' || !NAME_RULE.test(name)) {
    throw invalid('name must have 1 to 256 characters, none of them a control character');
  }
  if (typeof source !== 'string') throw invalid('The script must be a string');
  if (!WRAPS.includes(wrap)) throw invalid(`wrap is ${shown(wrap)}; allowed are ${WRAPS.join(', ')}`);
  if (!LANGUAGES.includes(language)) {
    throw invalid(`language is ${shown(language)}; allowed are ${LANGUAGES.join(', ')}`);
  }
  const sourceBytes = Buffer.byteLength(source);
  if (sourceBytes > maxSourceBytes) throw scriptTooLarge('The script has', sourceBytes, maxSourceBytes);
  const sourceHash = hash('sha256', source, 'hex');
  const id = cacheKey(toolchain, tenantId, name, wrap, language, sourceHash);
  return Object.freeze({ id, name, sourceHash, wrap, language, tenantId, source, sourceBytes });
}

export function scriptTooLarge(what: string, used: number, allowed: number): JsRuntimeError {
  const limit = { name: 'maxSourceBytes', allowed, used };
  return new JsRuntimeError('SCRIPT_TOO_LARGE', `${what} ${used} bytes; allowed are ${allowed}`, { limit });
}

function invalid(message: string): JsRuntimeError {
  return new JsRuntimeError('INVALID_REQUEST', message);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : `a ${typeof value}`;
}
