import type { HostMessage } from '../protocol/messages.ts';
import type { Realm } from './realm.ts';

/** A realm that is kept, with what its script was run as first. */
export interface WarmRealm {
  readonly realm: Realm;
  readonly request: HostMessage & { type: 'run' };
  /** What the last of its invocations was told of the context; empty when nobody knows. */
  knownContextJson: string;
  /** An invocation is under way in it. */
  isInUse: boolean;
  /** It is not kept any more. */
  isDropped: boolean;
  readonly release: () => void;
}

/**
 * The warm realms of one isolate, by the numbers that the backend gives them. They are all of one tenant. Under one number there are
 * several alike, when invocations have waited in some of them.
 */
export class WarmRealms {
  readonly #realms = new Map<number, WarmRealm[]>();
  #size = 0;

  /** How many there are, each counted. */
  get size(): number {
    return this.#size;
  }

  /** One of this number. */
  any(number: number): WarmRealm | undefined {
    return this.#realms.get(number)?.[0];
  }

  /** One of this number in which nothing is under way. */
  free(number: number): WarmRealm | undefined {
    const alike = this.#realms.get(number);
    if (alike) for (const one of alike) if (!one.isInUse) return one;
    return undefined;
  }

  /** Keeps one more. */
  keep(number: number, realm: WarmRealm): void {
    const alike = this.#realms.get(number);
    if (alike) alike.push(realm);
    else this.#realms.set(number, [realm]);
    this.#size++;
  }

  /** What was under way in it is over. */
  rest(realm: WarmRealm): void {
    realm.isInUse = false;
    if (realm.isDropped) realm.release();
  }

  /** Lets one go; that in which something is under way goes when that is over. */
  drop(number: number, realm: WarmRealm): void {
    if (realm.isDropped) return;
    const alike = (this.#realms.get(number) ?? []).filter((one) => one !== realm);
    if (alike.length > 0) this.#realms.set(number, alike);
    else this.#realms.delete(number);
    this.#size--;
    realm.isDropped = true;
    if (!realm.isInUse) realm.release();
  }

  /** Lets all of this number go. */
  forget(number: number): void {
    for (const realm of this.#realms.get(number) ?? []) this.drop(number, realm);
  }
}
