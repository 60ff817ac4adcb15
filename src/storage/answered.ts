import { ProblemError } from '../problems/problem-error.ts';

/** How long Redis may take for one answer, in milliseconds. */
const TIMEOUT_MS = 2000;

/**
 * What the storage answers. After a change that was not answered in time, nobody knows whether it happened, or still will.
 *
 * @throws ProblemError STORAGE_UNAVAILABLE when it fails, or takes longer than 2 s
 */
export async function answered<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`No answer after ${TIMEOUT_MS} ms`));
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (cause) {
    // Whoever keeps the connection has logged why.
    throw new ProblemError('STORAGE_UNAVAILABLE', 'What is saved cannot be reached now', undefined, { cause });
  } finally {
    clearTimeout(timer);
  }
}
