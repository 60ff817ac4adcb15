import { hash } from 'node:crypto';
import type { ScriptWrap } from '../protocol/messages.ts';

/** Changes when the wrappers or the flags of the VM processes do: V8 refuses code made under others. */
const CACHE_FORMAT = 1;

/**
 * Key of a script's code. It starts with the tenant, because bytes that a VM produced after it ran one tenant's code
 * must never reach another tenant's VM. The name is part of it because compiled code carries it into stack traces.
 */
export function cacheKey(tenantId: string, name: string, wrap: ScriptWrap, source: string): string {
  const text = JSON.stringify([CACHE_FORMAT, process.version, process.arch, tenantId, name, wrap]) + source;
  return hash('sha256', text, 'hex');
}
