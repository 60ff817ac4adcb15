import type { Verdict } from './run-attack.ts';

/** One line for each case, and one for all. */
export function reportOf(title: string, verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(({ category, name, outcome, wall, ms, peakMb, faults }) => {
    const memory = peakMb === undefined ? '' : ` | ${peakMb.toFixed(0)} MB over idle`;
    const mark = faults.length === 0 ? 'held' : 'FAILED';
    return `${mark} | ${category} | ${name} | ${oneLine(outcome)} | ${wall} | ${ms.toFixed(0)} ms${memory}`;
  });
  const walls = new Map<string, number>();
  for (const { wall } of verdicts) walls.set(wall, (walls.get(wall) ?? 0) + 1);
  const byWall = [...walls].map(([wall, count]) => `${wall} ${count}`).join(', ');
  const peaks = verdicts.flatMap(({ peakMb }) => peakMb ?? []);
  const peak = peaks.length === 0 ? '' : `; peak ${Math.max(...peaks).toFixed(0)} MB over idle`;
  const held = verdicts.filter(({ faults }) => faults.length === 0).length;
  return `${title}\n${lines.join('\n')}\n${title}: ${held} of ${verdicts.length} held; by wall: ${byWall}${peak}\n`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
