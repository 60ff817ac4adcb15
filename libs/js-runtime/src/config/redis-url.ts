export const REDIS_URL_RULE_TEXT =
  'must be redis://[user:password@]host[:port][/database], or rediss:// for TLS, with special characters of user and password as %XX';

/** Whether the Redis client takes it as it is meant: what it would ignore (a query) or stumble over (a path) is refused. */
export function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
  return (
    /^rediss?:$/.test(protocol) &&
    hostname !== '' &&
    /^\/?\d*$/.test(pathname) &&
    `${search}${hash}` === '' &&
    isDecodable(username) &&
    isDecodable(password)
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
