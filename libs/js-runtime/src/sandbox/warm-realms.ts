import type { HostMessage } from '../protocol/messages.ts';
import type { Realm } from './realm.ts';

/** A realm that is kept, with what its script was run as first. */
export interface WarmRealm {
  readonly realm: Realm;
  readonly request: HostMessage & { type: 'run' };
  /** What the last of its invocations was told of the context; empty when nobody knows. */
  knownContextJson: string;
  readonly release: () => void;
}

/** The warm realms of one isolate, by the numbers that the backend gives them. They are all of one tenant. */
export class WarmRealms {
  readonly #realms = new Map<number, WarmRealm>();

  get size(): number {
    return this.#realms.size;
  }

  get(number: number): WarmRealm | undefined {
    return this.#realms.get(number);
  }

  keep(number: number, realm: WarmRealm): void {
    this.forget(number);
    this.#realms.set(number, realm);
  }

  forget(number: number): void {
    this.#realms.get(number)?.release();
    this.#realms.delete(number);
  }
}
