import type { Workload } from '../workload.ts';

const OBJECTS = 2000;

export const json: Workload = {
  name: 'json',
  title: `JSON of ${OBJECTS} objects`,
  description: `Makes ${OBJECTS} objects, stringifies and parses them, filters, maps and joins.`,
  script: `(() => {
  const rows = [];
  for (let n = 0; n < ${OBJECTS}; n++) rows.push({ id: n, name: 'row ' + n, tags: ['a', 'b'], price: n * 1.5, active: n % 3 === 0 });
  return JSON.parse(JSON.stringify(rows))
    .filter((row) => row.active)
    .map((row) => row.name + '=' + row.price)
    .join(';');
})()`,
  callsHost: false,
  expected: () =>
    Array.from({ length: OBJECTS }, (_, n) => n)
      .filter((n) => n % 3 === 0)
      .map((n) => `row ${n}=${n * 1.5}`)
      .join(';'),
};
