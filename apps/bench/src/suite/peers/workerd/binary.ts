import { loadPackage } from '../../../packages.ts';

/** File of workerd's program. */
export async function workerdBinary(): Promise<string> {
  const {
    default: { default: binary },
  } = (await loadPackage('workerd')) as { default: { default: string } };
  return binary;
}
