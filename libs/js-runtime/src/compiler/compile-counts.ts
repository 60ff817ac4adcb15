/** How often code was found, and how often it had to be made. */
export class CompileCounts {
  hits = 0;
  misses = 0;
  /** CPU time that the hits would have taken, in milliseconds. */
  compileMsSaved = 0;

  hit(compileMs: number): void {
    this.hits++;
    this.compileMsSaved += compileMs;
  }

  /** What was found is of no use. */
  refused(compileMs: number): void {
    this.hits--;
    this.misses++;
    this.compileMsSaved -= compileMs;
  }

  miss(): void {
    this.misses++;
  }
}
