import type { Step } from '../../workload.ts';

export type ToChild =
  | { readonly is: 'prepare'; readonly workload: string }
  | { readonly is: 'run'; readonly id: number; readonly tenantId: string }
  | { readonly is: 'answer'; readonly call: number; readonly step: Step };

export type FromChild =
  | { readonly is: 'ready' }
  | { readonly is: 'result'; readonly id: number; readonly value: unknown }
  | { readonly is: 'error'; readonly id: number; readonly message: string }
  | { readonly is: 'call'; readonly call: number; readonly step: Step };
