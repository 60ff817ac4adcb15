import { parseAddress } from './address.ts';
import type { HostResolver } from './host-resolver.ts';
import { httpError } from './http-error.ts';
import { HTTP_LIMITS } from './http-limits.ts';
import type { HttpRules } from './http-rules.ts';
import type { HttpTarget } from './http-target.ts';

/**
 * Where a target may be connected to. Nothing else is: who connects asks nobody again.
 *
 * @throws ScriptApiError HTTP_HOST_NOT_ALLOWED; HTTP_ADDRESS_NOT_ALLOWED, in the same words for a host that does not exist and
 * for one that may not be reached, so that nobody learns which names exist inside
 */
export async function findAddresses(
  target: HttpTarget,
  rules: HttpRules,
  resolver: HostResolver,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { protocol, host, port } = target;
  const where = `${protocol}//${target.url.host}`;
  if (!rules.admitsHost(target)) {
    throw httpError('HTTP_HOST_NOT_ALLOWED', `The rules of the tenant do not allow ${where} (port ${port})`);
  }
  const found = target.address ? [host] : await resolver.resolve(host, signal);
  const admitted = found.filter((text) => {
    const address = parseAddress(text);
    return address !== undefined && rules.admitsAddress(target, address);
  });
  if (admitted.length > 0) return admitted.slice(0, HTTP_LIMITS.maxAddresses);
  throw httpError('HTTP_ADDRESS_NOT_ALLOWED', `${where} has no address that may be connected to`);
}
