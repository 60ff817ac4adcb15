/** Milliseconds of a clock that all threads of a process share, unlike `performance`'s. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
