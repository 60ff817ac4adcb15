import type { Workload } from '../workload.ts';

export const cpu: Workload = {
  name: 'cpu',
  title: 'CPU: fib(25)',
  description: 'The 25th Fibonacci number, recursively: 242 785 calls.',
  script: '(() => { const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2)); return fib(25); })()',
  callsHost: false,
  expected: () => 75_025,
};
