import { MAX_KEPT_SCRIPTS } from '../protocol/messages.ts';

/**
 * Which compiled scripts the isolate of a VM still holds. Follows the same rule as the isolate itself (see
 * sandbox/isolate-host.ts), so that the two agree; if they ever did not, a script would only be compiled once more.
 */
export class KeptScripts {
  static readonly MAX = MAX_KEPT_SCRIPTS;
  readonly #keys = new Set<string>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
    const [oldest] = this.#keys;
    if (this.#keys.size > KeptScripts.MAX && oldest !== undefined) this.#keys.delete(oldest);
  }

  clear(): void {
    this.#keys.clear();
  }
}
