import { context, type Context } from '@opentelemetry/api';
import { quietly } from './quietly.ts';

/**
 * Calls `work` once, with `active` as the active context where the application has a context manager, whatever that throws.
 *
 * @param work throws nothing itself: what it fails with is in its promise
 */
export function runIn<T>(active: Context, work: () => Promise<T>): Promise<T> {
  const run: { promise?: Promise<T> } = {};
  quietly(() => {
    context.with(active, () => {
      run.promise = work();
    });
  });
  return run.promise ?? work();
}
