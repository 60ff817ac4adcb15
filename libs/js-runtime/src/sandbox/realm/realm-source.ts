import type { ApiHeader } from '../../protocol/messages.ts';
import { apiSource } from './api-source.ts';
import { deepFreeze } from './deep-freeze.ts';
import { describeThrown, describeWithoutMessage } from './describe-thrown.ts';
import { disableCodeGeneration } from './disable-code-generation.ts';
import { hardenRealm, removeRegExpState } from './harden-realm.ts';
import { hiddenIntrinsics } from './hidden-intrinsics.ts';
import { installConsole } from './console.ts';
import { installHostApis } from './host-apis.ts';
import { openRealm } from './open-realm.ts';
import { capturePrimordials } from './primordials.ts';
import { reachableObjects } from './reachable-objects.ts';
import { removeGlobals } from './remove-globals.ts';
import { repairOverrides } from './repair-overrides.ts';
import { installStructuredClone } from './structured-clone.ts';
import { installTimers } from './timers.ts';
import { watchObject } from './watch-object.ts';

/** File name of the code below in stack traces; its frames are left out of errors and logs. */
export const REALM_FILE_NAME = 'js-runtime:realm';

const opening = [
  capturePrimordials,
  disableCodeGeneration,
  removeGlobals,
  deepFreeze,
  describeThrown,
  describeWithoutMessage,
  installConsole,
  installTimers,
  installStructuredClone,
  installHostApis,
  openRealm,
];

const hardening = [hiddenIntrinsics, reachableObjects, removeRegExpState, repairOverrides, watchObject, hardenRealm];

/** A script that opens a realm with these host APIs; its completion value is the `EnterRealm` function. */
export function realmSource(apis: readonly ApiHeader[]): string {
  return scriptOf(opening, `openRealm(${apiSource(apis)})`);
}

/** A script that hardens a realm that has been opened; its completion value is `Hardened`. */
export function hardeningSource(): string {
  return scriptOf(hardening, 'hardenRealm()');
}

/** Functions in brackets are compiled with the script, and so are in its code cache. */
function scriptOf(parts: readonly ((...args: never[]) => unknown)[], value: string): string {
  return `(() => {
'use strict';
${parts.map((part) => `const ${part.name} = (${part.toString()});`).join('\n')}
return ${value};
})()`;
}
