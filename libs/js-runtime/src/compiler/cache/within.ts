/** Something was not done in its time. */
export class LateError extends Error {
  override readonly name = 'LateError';

  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
  }
}

/** What `work` comes to, if that is within `limitMs`; what it comes to later is dropped. @throws LateError, and what `work` throws */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // What has arrived meanwhile is read first: a busy event loop is nobody else's delay.
    setImmediate(() => {
      late.reject(new LateError(limitMs));
    });
  }, limitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
