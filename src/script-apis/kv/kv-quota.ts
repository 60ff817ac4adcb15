import { ProblemError } from '../../problems/problem-error.ts';

/** How long a key may be, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 512;
/** How large one value may be, in bytes of UTF-8 as JSON. */
export const MAX_VALUE_BYTES = 64 * 1024;
/** How long a value may be kept that is not kept for good: ten years. */
export const MAX_TTL_MS = 10 * 365 * 86_400_000;
/** How many keys one call lists. */
export const MAX_LISTED_KEYS = 1000;

/** Limits of what a tenant keeps. */
export type KvLimitName = 'maxKeys' | 'maxBytes' | 'maxValueBytes';

export function quotaExceeded(name: KvLimitName, allowed: number, used: number): ProblemError {
  return new ProblemError('QUOTA_EXCEEDED', explain(name, allowed, used), { name, allowed, used });
}

function explain(name: KvLimitName, allowed: number, used: number): string {
  switch (name) {
    case 'maxKeys':
      return `No more than ${allowed} keys can be kept: delete one first`;
    case 'maxBytes':
      return `With this value, keys and values would have ${used} bytes; allowed are ${allowed}`;
    case 'maxValueBytes':
      return `The value has ${used} bytes as JSON; allowed are ${allowed}`;
  }
}
