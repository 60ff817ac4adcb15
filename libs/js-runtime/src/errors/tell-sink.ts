/** Tells a sink of the application's. It never fails, and nobody waits for it: what the sink throws or rejects with goes to `onError`. */
export function tellSink(tell: () => void | Promise<void>, onError: (error: unknown) => void): void {
  try {
    void tell()?.catch(onError);
  } catch (error) {
    onError(error);
  }
}
