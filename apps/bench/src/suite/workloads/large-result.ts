import type { Workload } from '../workload.ts';

const ROWS = 100;
const TEXT = 'lorem ipsum dolor sit amet, ';
const REPEATED = 36;

export const largeResult: Workload = {
  name: 'large-result',
  title: 'Result of 100 KB',
  description: `${ROWS} objects of about 1 KB each, as a value that the backend can use.`,
  script: `(() => {
  const rows = [];
  for (let id = 0; id < ${ROWS}; id++) rows.push({ id, text: '${TEXT}'.repeat(${REPEATED}) + id });
  return rows;
})()`,
  callsHost: false,
  expected: () => Array.from({ length: ROWS }, (_, id) => ({ id, text: TEXT.repeat(REPEATED) + String(id) })),
};
