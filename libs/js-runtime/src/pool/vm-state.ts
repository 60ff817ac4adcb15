/**
 * The life of a VM in the pool.
 *
 *              ready            lend
 *   starting ────────► idle ◄────────────┐
 *      │               │ ▲ └──────────► leased
 *      │  replace the  │ │              │ ▲
 *      │  isolate,     ▼ │ recycled     │ │ lend to the same tenant
 *      │  check, load recycling ◄───────┘ │
 *      │               │   └──────────────┘
 *      ▼               ▼
 *    retired ◄──── from every state, with a reason
 *
 * `starting`: its process is not ready yet. `idle`: could be leased. `leased`: one execution has it. `recycling`: its next realm
 * is made, its isolate is replaced, it is checked, or it loads a script ahead. `retired`: it was told to end, or did; it is in the
 * pool until the operating system has reaped its process.
 */
export const VM_STATES = ['starting', 'idle', 'leased', 'recycling', 'retired'] as const;
export type VmState = (typeof VM_STATES)[number];

export const NEXT_STATES: Readonly<Record<VmState, readonly VmState[]>> = {
  starting: ['idle', 'retired'],
  idle: ['leased', 'recycling', 'retired'],
  leased: ['idle', 'recycling', 'retired'],
  // Its realm is given up for a new isolate, or a check.
  recycling: ['idle', 'leased', 'recycling', 'retired'],
  retired: [],
};
