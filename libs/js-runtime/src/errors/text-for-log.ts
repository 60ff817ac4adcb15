import { inspect } from 'node:util';

/** What a script has sent may be in the message of an error. */
const MAX_CHARS = 16 * 1024;

/** Whatever was thrown, in bounds: it need not have a text of its own, nor let itself be looked at. Never throws. */
export function textForLog(thrown: unknown): string {
  try {
    return inspect(thrown).slice(0, MAX_CHARS);
  } catch {
    return 'What was thrown cannot be shown: looking at it throws';
  }
}
