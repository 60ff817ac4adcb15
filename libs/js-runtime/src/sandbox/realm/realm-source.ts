import type { ApiHeader } from '../../protocol/messages.ts';
import { installConsole } from './console.ts';
import { deepFreeze } from './deep-freeze.ts';
import { describeThrown, describeWithoutMessage } from './describe-thrown.ts';
import { disableCodeGeneration } from './disable-code-generation.ts';
import { hardenRealm, removeRegExpState, type Hardened } from './harden-realm.ts';
import { hiddenIntrinsics } from './hidden-intrinsics.ts';
import { installHostApis } from './host-apis.ts';
import { openRealm, type EnterRealm } from './open-realm.ts';
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
  return scriptOf(opening, `openRealm(${JSON.stringify(apis)})`);
}

/** What the script of a hardened realm evaluates to. */
export interface HardenedRealm extends Hardened {
  readonly enter: EnterRealm;
}

/** As `realmSource`, for a realm that is hardened when it is open; its completion value is a `HardenedRealm`. */
export function hardenedRealmSource(apis: readonly ApiHeader[]): string {
  const open = `openRealm(${JSON.stringify(apis)})`;
  return scriptOf([...opening, ...hardening], `{ __proto__: null, enter: ${open}, ...hardenRealm() }`);
}

/** Functions in brackets are compiled with the script, and so are in its code cache. */
function scriptOf(parts: readonly ((...args: never[]) => unknown)[], value: string): string {
  return `(() => {
'use strict';
${parts.map((part) => `const ${part.name} = (${part.toString()});`).join('\n')}
return ${value};
})()`;
}
