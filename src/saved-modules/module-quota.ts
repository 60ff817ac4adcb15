import { ProblemError } from '../problems/problem-error.ts';
import type { ModuleDescription } from './saved-module.ts';

/** How many modules a tenant may have saved. */
export const MAX_MODULES = 100;
/** How large their sources may be together, in bytes of UTF-8. */
export const MAX_MODULE_BYTES = 5 * 1024 * 1024;

/** @throws ProblemError QUOTA_EXCEEDED when these would be more than a tenant may have */
export function checkQuota(modules: readonly Pick<ModuleDescription, 'sourceBytes'>[]): void {
  if (modules.length > MAX_MODULES) {
    throw new ProblemError('QUOTA_EXCEEDED', `No more than ${MAX_MODULES} modules can be saved: delete one first`, {
      name: 'maxModules',
      allowed: MAX_MODULES,
      used: modules.length,
    });
  }
  const bytes = modules.reduce((sum, { sourceBytes }) => sum + sourceBytes, 0);
  if (bytes > MAX_MODULE_BYTES) {
    throw new ProblemError(
      'QUOTA_EXCEEDED',
      `With this one the saved modules would have ${bytes} bytes of source; allowed are ${MAX_MODULE_BYTES}`,
      { name: 'maxModuleBytes', allowed: MAX_MODULE_BYTES, used: bytes },
    );
  }
}
