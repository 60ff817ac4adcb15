import { installConsole } from './console.ts';
import type { ApiHeader } from '../../protocol/messages.ts';
import { apiSource } from './api-source.ts';
import { deepFreeze } from './deep-freeze.ts';
import { describeThrown, describeWithoutMessage } from './describe-thrown.ts';
import { disableCodeGeneration } from './disable-code-generation.ts';
import { installHostApis } from './host-apis.ts';
import { openRealm } from './open-realm.ts';
import { capturePrimordials } from './primordials.ts';
import { removeGlobals } from './remove-globals.ts';
import { installStructuredClone } from './structured-clone.ts';
import { installTimers } from './timers.ts';

/** File name of the code below in stack traces; its frames are left out of errors and logs. */
export const REALM_FILE_NAME = 'js-runtime:realm';

const parts = [
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

/**
 * A script that opens a realm with these host APIs; its completion value is the `EnterRealm` function. Functions in brackets are
 * compiled with it, and so are in its code cache.
 */
export function realmSource(apis: readonly ApiHeader[]): string {
  return `(() => {
'use strict';
${parts.map((part) => `const ${part.name} = (${part.toString()});`).join('\n')}
return openRealm(${apiSource(apis)});
})()`;
}
