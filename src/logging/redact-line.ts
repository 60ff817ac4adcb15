/** Members of objects that are secret wherever they are: above all headers, whoever logs a request. */
const SECRET_MEMBERS =
  /"(authorization|proxy-authorization|cookie|x-api-key|api-?key|password|secret)":"(?:[^"\\]|\\.)*"/gi;

/** User and password in an URL, whoever has put it into a text. */
const URL_CREDENTIALS = /:\/\/[^\s/"\\]*@/g;

/**
 * A line of JSON without what is secret. On the text of it: pino's `redact` looks at a few depths only, and takes longer than all
 * else about a line. Quotes inside of strings are escaped, so no text can pass for a member, or break one.
 */
export function redactLine(json: string): string {
  return json.replace(SECRET_MEMBERS, '"$1":"[redacted]"').replace(URL_CREDENTIALS, '://[redacted]@');
}
