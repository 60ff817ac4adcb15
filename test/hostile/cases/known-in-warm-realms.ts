import { throws, value, type Table } from '../attack.ts';
import { inWarmRealms, type Difference } from '../in-warm-realms.ts';
import { bridge } from './bridge.ts';
import { escape } from './escape.ts';
import { executions } from './executions.ts';
import { hostApiLeaks } from './host-apis.ts';
import { tenants } from './tenants.ts';

/** What it would leave is refused already: all is frozen. */
const CANNOT_LEAVE: Difference = { first: throws('TypeError') };
/** A global that could not be made is not there. */
const NOT_LEFT: Difference = { first: throws('ReferenceError') };
/** What it wants to change is frozen. */
const CANNOT_CHANGE: Difference = { last: throws('TypeError') };
/** To be called, it would have to be set. */
const NEVER_ASKED = 'Error.prepareStackTrace cannot be set, so there are no frames to look at';

/** The attacks of other tables, in realms that are kept. */
export const knownInWarmRealms: readonly Table[] = [
  inWarmRealms(executions, {
    'a polluted Object.prototype': CANNOT_LEAVE,
    'a prototype through an array': CANNOT_LEAVE,
    'Object.prototype.toString as __defineGetter__': CANNOT_LEAVE,
    'the console': CANNOT_LEAVE,
    'input and context as setters': CANNOT_LEAVE,
    'a prototype of a prototype': CANNOT_LEAVE,
    'a suspended generator': NOT_LEFT,
    'an unresolved promise that is found later': NOT_LEFT,
    // They are removed.
    'the statics of RegExp': { last: value([null, null, null, null]) },
    'frozen intrinsics': { last: throws('ReferenceError') },
  }),
  inWarmRealms(tenants, { 'a symbol of the registry': CANNOT_LEAVE, 'a changed context': CANNOT_LEAVE }),
  inWarmRealms(hostApiLeaks, {}),
  inWarmRealms(escape, {
    'an allow list in a replaced Map.prototype.has': CANNOT_CHANGE,
    'setters of Array.prototype': CANNOT_CHANGE,
    'Function.prototype.call, for our calls': CANNOT_CHANGE,
    'this of the frames of a stack': NEVER_ASKED,
    'functions of the frames of a stack': NEVER_ASKED,
    'frames below a timer': NEVER_ASKED,
    'frames while a result is written': NEVER_ASKED,
    'prepareStackTrace that is asked for an async error': NEVER_ASKED,
    // In a function body, it may wait.
    'import() in a spread': { last: throws('Error') },
    // `p.constructor = …` gives the promise its own in a realm where that can be done; here, it stays a promise whose error nobody handles.
    'a species that gets the error of an async function': { last: throws('RangeError') },
  }),
  inWarmRealms(bridge, {
    'a toJSON of BigInt.prototype': 'BigInt.prototype is frozen, so it comes to what a BigInt inside comes to',
    'an Error.prepareStackTrace that loops': NEVER_ASKED,
    'setters of Object.prototype': CANNOT_CHANGE,
  }),
];
