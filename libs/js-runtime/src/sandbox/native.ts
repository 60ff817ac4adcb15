import { createRequire } from 'node:module';
import type ivm from 'isolated-vm';

export type IsolatedVm = typeof ivm;

/** Loads the addon from the one file that this process may read for it; the backend has found out which. */
export function loadIsolatedVm(addonPath: string): IsolatedVm {
  const addon = createRequire(import.meta.url)(addonPath) as { ivm: IsolatedVm };
  return addon.ivm;
}
