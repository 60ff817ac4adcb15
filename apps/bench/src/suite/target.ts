/** What the library is to reach, as a ratio of figures of one run. */
export interface Target {
  readonly what: string;
  /** Null when one of the two was not measured. */
  readonly found: number | null;
  readonly unit: '×' | 'ms';
  readonly wanted: 'at most' | 'at least' | 'below';
  readonly limit: number;
  readonly isMet: boolean | null;
}
