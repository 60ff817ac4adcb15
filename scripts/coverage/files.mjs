/** What is judged, each by itself. */
export const groups = [
  { name: 'library', directory: 'libs/js-runtime/src' },
  { name: 'backend', directory: 'src' },
];

export const all = groups.map(({ directory }) => `${directory}/**/*.ts`);

/** Counted in the isolates of VM processes. */
export const inRealms = 'libs/js-runtime/src/sandbox/realm/**/*.ts';

/** Counted in VM processes, which run them from source. */
export const inVmProcess = ['libs/js-runtime/src/sandbox/**/*.ts', 'libs/js-runtime/src/protocol/**/*.ts'];

/** Counted in processes of the built backend. */
export const inBackendProcess = all;

/** Counted in Jest's processes. Functions of the realm go to the isolate as text, where Jest's counters are not. */
export const inJest = [...all, `!${inRealms}`, '!**/*.spec.ts'];

export const isTest = (file) => file.endsWith('.spec.ts');

/** Where `npm run build` puts what it makes of a source. */
export function builtFileOf(file) {
  return file.replace(/^(libs\/[^/]+\/)?src\//, '$1dist/').replace(/\.ts$/, '.js');
}
