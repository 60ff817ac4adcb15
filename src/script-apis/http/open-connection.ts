import { once } from 'node:events';
import { connect as connectTcp, isIPv6, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { HTTP_LIMITS } from './http-limits.ts';
import type { HttpTarget } from './http-target.ts';

/** How long one address may take while there is another to try. */
const NEXT_ADDRESS_AFTER_MS = 250;

/**
 * Connects to one of these addresses, and to nothing else; with TLS for the host that the target names, whatever the address.
 * The connection is destroyed when the signal fires, also later.
 *
 * @param trust the certificates to trust
 */
export async function openConnection(
  { protocol, host, port, address }: HttpTarget,
  addresses: readonly string[],
  signal: AbortSignal,
  trust: SecureContext,
): Promise<Socket> {
  signal.throwIfAborted();
  const options = {
    host,
    port,
    lookup: lookupOf(addresses),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    noDelay: true,
  };
  const socket =
    protocol === 'https:'
      ? connectTls({
          ...options,
          ...(address === undefined && { servername: host }),
          ALPNProtocols: ['http/1.1'],
          rejectUnauthorized: true,
          secureContext: trust,
        })
      : connectTcp(options);
  // What comes of it is told by whoever waits for it; without a listener, an error would end the process.
  socket.on('error', () => undefined);
  const end = (): void => {
    // With an error: without, a body that lasts as long as its connection would seem to be complete.
    socket.destroy(new Error('No longer wanted'));
  };
  signal.addEventListener('abort', end, { once: true });
  socket.once('close', () => {
    signal.removeEventListener('abort', end);
  });
  const tooLate = AbortSignal.any([signal, AbortSignal.timeout(HTTP_LIMITS.connectTimeoutMs)]);
  try {
    await once(socket, protocol === 'https:' ? 'secureConnect' : 'connect', { signal: tooLate });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Answers with what was found before, so that the answer cannot change between the check and the connection. */
function lookupOf(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, _options, callback) => {
    callback(null, found);
  };
}
