import type { CompiledScript } from './compiled-script.ts';

/** So many sources are remembered. A look-up may compare with all of them: V8 tells long strings apart by their length only. */
const MAX_SOURCES = 128;
/** Together, in UTF-16 code units. */
const MAX_CHARS = 8 * 1024 * 1024;
/** Scripts of the same source: of several tenants, names, wraps or languages. */
const MAX_SAME_SOURCE = 8;

type Described = Pick<CompiledScript, 'tenantId' | 'name' | 'wrap' | 'language' | 'source'>;

/**
 * Descriptions of the scripts that were asked for last: hashing a source takes longer than sending it to a VM that holds it. What
 * is found is the tenant's own; that another tenant had the same source before makes a look-up faster, and tells nothing but that.
 */
export class DescribedScripts {
  readonly #bySource = new Map<string, CompiledScript[]>();
  #chars = 0;

  find({ tenantId, name, wrap, language, source }: Described): CompiledScript | undefined {
    const same = this.#bySource.get(source);
    if (!same) return undefined;
    for (const script of same) {
      if (
        script.tenantId === tenantId &&
        script.name === name &&
        script.wrap === wrap &&
        script.language === language
      ) {
        return script;
      }
    }
    return undefined;
  }

  add(script: CompiledScript): void {
    const { source } = script;
    if (source.length > MAX_CHARS / 4) return;
    const same = this.#bySource.get(source);
    if (same) {
      if (same.length === MAX_SAME_SOURCE) same.shift();
      same.push(script);
      return;
    }
    this.#bySource.set(source, [script]);
    this.#chars += source.length;
    for (const oldest of this.#bySource.keys()) {
      if (this.#bySource.size <= MAX_SOURCES && this.#chars <= MAX_CHARS) return;
      this.#bySource.delete(oldest);
      this.#chars -= oldest.length;
    }
  }
}
