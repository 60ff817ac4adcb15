/** The server sends more than it may, of whatever kind: interim responses, extensions of chunks. */
export class ResponseTooLargeError extends Error {
  override readonly name = 'ResponseTooLargeError';
}
