import { Resolver } from 'node:dns/promises';

/** Finds the addresses of a host. */
export abstract class HostResolver {
  /**
   * Resolves to all that DNS has, IPv4 first; to none when there is no such host, or nobody knows.
   *
   * @throws what the signal fired with
   */
  abstract resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
}

const TIMEOUT_MS = 2000;
const TRIES = 2;

/**
 * Asks DNS by itself. The system's own resolver (`getaddrinfo`) has a handful of threads for the whole process: a tenant whose
 * name server never answers would hold them all. So `/etc/hosts` and search domains do not count here.
 */
export class DnsResolver extends HostResolver {
  /** @param servers instead of the system's, as `address:port` */
  constructor(private readonly servers?: readonly string[]) {
    super();
  }

  override async resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
    signal.throwIfAborted();
    // One for each question: it can be cancelled alone, and remembers nothing that another tenant asked.
    const resolver = new Resolver({ timeout: TIMEOUT_MS, maxTimeout: TIMEOUT_MS, tries: TRIES });
    if (this.servers) resolver.setServers(this.servers);
    const cancel = (): void => {
      resolver.cancel();
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      signal.throwIfAborted();
      return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }
}
