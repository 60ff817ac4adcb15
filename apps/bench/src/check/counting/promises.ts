import { promiseHooks } from 'node:v8';
import type { Counter } from './counter.ts';

/** Counts promises, with those that `async` and `await` make. */
export function countPromises(counter: Counter): void {
  promiseHooks.onInit(() => {
    counter.add('promises');
  });
}
