import { ScriptApiError } from 'nestjs-js-runtime';
import { ProblemError } from '../problems/problem-error.ts';

/**
 * Does something for a script. What the backend itself has to say about it is for the script to catch, with the same code; its
 * `details` has the `limit`, where there is one. Anything else is nobody's business, and is left as it is.
 *
 * @throws ScriptApiError QUOTA_EXCEEDED, STORAGE_UNAVAILABLE
 */
export async function asScriptApi<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { code, message, limit } = error;
    throw new ScriptApiError(code, message, limit && { limit: { ...limit } }, { cause: error });
  }
}
