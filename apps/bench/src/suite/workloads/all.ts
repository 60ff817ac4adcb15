import type { Workload } from '../workload.ts';
import { cpu } from './cpu.ts';
import { hostCalls } from './host-calls.ts';
import { json } from './json.ts';
import { large } from './large.ts';
import { largeResult } from './large-result.ts';
import { trivial } from './trivial.ts';

export const WORKLOADS: readonly Workload[] = [trivial, json, cpu, large, hostCalls, largeResult];
