import { hiddenIntrinsics } from './hidden-intrinsics.ts';
import { reachableObjects } from './reachable-objects.ts';
import { repairOverrides } from './repair-overrides.ts';
import { watchObject } from './watch-object.ts';

export interface Hardened {
  /** Takes the global object from whoever could still add to it. Not before modules are evaluated that are to be kept: some share something by way of it. */
  readonly freezeGlobal: () => void;
  /** To be asked before tenant code is run in it again: where it is not, none must be. */
  readonly isIntact: () => boolean;
}

/**
 * Makes a realm one that can run the same tenant's code again and again: everything that code can reach in it, our own functions
 * included, is frozen. Runs when the realm has been opened, before tenant code.
 *
 * `RegExp.prototype` stays as it is, and is watched: V8 takes six times as long for regular expressions when it is frozen.
 */
export function hardenRealm(): Hardened {
  const { freeze, isExtensible } = Object;
  const watched = RegExp.prototype;
  removeRegExpState();
  // Before they are repaired: what is behind a getter of ours then, nobody finds without calling it.
  const reachable = reachableObjects([globalThis, ...hiddenIntrinsics()]);
  repairOverrides();
  for (const object of reachable) {
    if (object !== watched && object !== globalThis) freeze(object);
  }
  for (const key of Reflect.ownKeys(globalThis)) {
    const isVariable = Reflect.getOwnPropertyDescriptor(globalThis, key)?.writable === true;
    Reflect.defineProperty(globalThis, key, { configurable: false, ...(isVariable ? { writable: false } : {}) });
  }
  const isUntouched = watchObject(watched);
  return {
    freezeGlobal: () => {
      freeze(globalThis);
    },
    isIntact: () => !isExtensible(globalThis) && isUntouched(),
  };
}

/** Takes away `RegExp.$1`, `RegExp.input` and the like: the last match, whoever's it was. Its getters are all that RegExp has but one. */
export function removeRegExpState(): void {
  for (const key of Reflect.ownKeys(RegExp)) {
    const isState = key !== Symbol.species && Reflect.getOwnPropertyDescriptor(RegExp, key)?.get !== undefined;
    if (isState && !Reflect.deleteProperty(RegExp, key)) throw new Error(`cannot remove RegExp.${String(key)}`);
  }
}
