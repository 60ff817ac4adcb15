import type { Workload } from '../workload.ts';

const FUNCTIONS = 3000;
const CALLED = [1, 500, 1000, 1500, 2000, 2500, 2999];
const ARGUMENT = 7;

const functions = Array.from(
  { length: FUNCTIONS },
  (_, n) => `function f${n}(num) { return num * ${n} + Math.max(num, ${n}) / 2 - ${n % 7}; }`,
);

const deployed = {
  declarations: functions.join('\n'),
  expression: CALLED.map((n) => `f${n}(${ARGUMENT})`).join(' + '),
};

const script = `(() => {
${deployed.declarations}
return ${deployed.expression};
})()`;

export const large: Workload = {
  name: 'large',
  title: `Script of ${Math.round(script.length / 1000)} KB`,
  description: `${FUNCTIONS} functions, of which ${CALLED.length} are called. Compiled ahead, or cached, where the peer can; declared once, where it keeps anything.`,
  script,
  deployed,
  callsHost: false,
  expected: () => CALLED.reduce((sum, n) => sum + ARGUMENT * n + Math.max(ARGUMENT, n) / 2 - (n % 7), 0),
};
