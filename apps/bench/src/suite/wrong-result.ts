/** A peer that gives something else than what is right measures nothing, and nothing beside it either. */
export class WrongResultError extends Error {
  override readonly name = 'WrongResultError';

  constructor(result: unknown, expected: unknown) {
    super(`wrong result: ${short(result)} instead of ${short(expected)}`);
  }
}

const MAX_LENGTH = 80;

function short(value: unknown): string {
  // undefined has no JSON.
  const text = (JSON.stringify(value) as string | undefined) ?? String(value);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
