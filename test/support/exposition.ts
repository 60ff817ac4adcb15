/** What a Prometheus server reads from a text exposition. */
export interface Exposition {
  /** `TYPE` by metric family. */
  readonly types: ReadonlyMap<string, string>;
  /** Values by name and labels, as they are written: `a_total{b="c"}`. */
  readonly values: ReadonlyMap<string, number>;
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== '') types.set(name, type);
    if (line === '' || line.startsWith('#')) continue;
    const [, series = '', value = ''] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (series === '') throw new Error(`no line of an exposition: ${line}`);
    if (values.has(series)) throw new Error(`twice in an exposition: ${series}`);
    values.set(series, value === '+Inf' ? Infinity : Number(value));
  }
  return { types, values };
}
