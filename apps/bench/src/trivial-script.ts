/** What is run where what it computes does not matter. */
export const SCRIPT = 'const o = { n: 20 }; o.n * 2 + 2';
export const EXPECTED = 42;
