import { deployedOf, type Workload } from '../../workload.ts';

/** An expression that comes to a function of the context: what is kept where there are no modules. */
export function functionOf(workload: Workload): string {
  const { declarations, expression } = deployedOf(workload);
  return `(() => {\n${declarations}\nreturn (context) => (${expression});\n})()`;
}
