import { hash } from 'node:crypto';
import { v8FlagsOf, type V8Options } from '../process/v8-flags.ts';
import type { ScriptLanguage, ScriptWrap } from '../protocol/messages.ts';

/** Changes when what the VM processes make of a source does. */
const CACHE_FORMAT = 2;

/** Everything but the script that decides what an artifact looks like. V8 refuses code made under other flags or by another V8. */
export function toolchainOf(options: V8Options): string {
  const { node, v8 } = process.versions;
  return JSON.stringify([CACHE_FORMAT, node, v8, process.platform, process.arch, v8FlagsOf(options)]);
}

/**
 * Key of a script's artifact. The tenant is part of it, because bytes that a VM produced after it ran one tenant's code
 * must never reach another tenant's VM; so is the name, because compiled code carries it into stack traces.
 */
export function cacheKey(
  toolchain: string,
  tenantId: string,
  name: string,
  wrap: ScriptWrap,
  language: ScriptLanguage,
  sourceHash: string,
): string {
  return hash('sha256', JSON.stringify([toolchain, tenantId, name, wrap, language, sourceHash]), 'hex');
}
