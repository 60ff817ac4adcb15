import { PEERS } from './peers/all.ts';
import type { Cell, PeerFacts } from './results.ts';
import { targetsOf } from './targets.ts';

const peers: PeerFacts[] = PEERS.map((peer) => ({ ...peer, version: null }));

function cellOf(peer: string, workload: string, figures: Partial<Cell>): Cell {
  return {
    ...{ peer, workload, tenants: 1, inFlight: 1, gapMs: 0 },
    ...{ p50Ms: 1, p50RangeMs: [1, 1], p99Ms: 1, perSecond: 1000, executions: 1 },
    ...{ cpuMsPerExecution: null, rssMb: null, pssMb: null },
    ...figures,
  };
}

describe('targetsOf', () => {
  it('gives ratios and says which are met', () => {
    const cells = [
      cellOf('js-runtime', 'trivial', { p50Ms: 0.7 }),
      cellOf('raw-isolated-vm', 'trivial', { p50Ms: 1 }),
      cellOf('secure-exec', 'trivial', { p50Ms: 20 }),
      cellOf('workerd', 'trivial', { p50Ms: 7 }),
      cellOf('js-runtime', 'trivial', { inFlight: 8, tenants: 100, perSecond: 1500 }),
      cellOf('raw-isolated-vm-fresh', 'trivial', { inFlight: 8, tenants: 100, perSecond: 1000 }),
      cellOf('js-runtime', 'host-calls', { p50Ms: 1, gapMs: 2 }),
      cellOf('js-runtime-warm', 'trivial', { p50Ms: 0.06 }),
      cellOf('pipe', 'trivial', { p50Ms: 0.02 }),
      cellOf('js-runtime-warm', 'large', { p50Ms: 0.09 }),
      cellOf('js-runtime-warm', 'trivial', { inFlight: 32, perSecond: 100_000 }),
      cellOf('raw-isolated-vm', 'trivial', { inFlight: 32, perSecond: 4000 }),
      cellOf('workerd-warm', 'trivial', { p50Ms: 0.1 }),
    ];
    const measured = targetsOf({ cells, peers }).filter(({ isMet }) => isMet !== null);
    expect(measured.map(({ what, found, isMet }) => [what, found, isMet])).toEqual([
      ['Trivial, back to back: p50, js-runtime / raw-isolated-vm', 0.7, true],
      ['Trivial, 100 tenants, 8 in flight: executions/s, js-runtime / raw-isolated-vm-fresh', 1.5, false],
      ['10 host calls, 2 ms apart: p50 of js-runtime', 1, true],
      ['Trivial, back to back: p50, workerd / js-runtime', 10, false],
      ['Trivial, back to back: p50, secure-exec / js-runtime', 28.6, true],
      ['Trivial, warm, 32 in flight: executions/s, js-runtime-warm / raw-isolated-vm', 25, true],
      ['Trivial, warm, back to back: p50 of js-runtime-warm less 0.03 ms, / pipe', 1.5, true],
      ['Large script / trivial, both warm, back to back: p50 of js-runtime-warm', 1.5, false],
    ]);
  });

  it('says of what was not measured that it was not', () => {
    const targets = targetsOf({ cells: [], peers });
    expect(targets.every(({ found, isMet }) => found === null && isMet === null)).toBe(true);
    expect(targets.length).toBeGreaterThan(10);
  });

  it('takes every peer that isolates by process and has fresh realms', () => {
    const names = targetsOf({ cells: [], peers }).map(({ what }) => what);
    for (const name of ['forked-isolated-vm', 'workerd', 'secure-exec']) {
      expect(names).toContain(`Trivial, 2 ms apart: p50, ${name} / js-runtime`);
    }
    for (const name of ['workerd-warm', 'pipe']) {
      expect(names).not.toContain(`Trivial, 2 ms apart: p50, ${name} / js-runtime`);
    }
  });
});
