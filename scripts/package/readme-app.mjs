import { readFileSync } from 'node:fs';

const EXAMPLE = /^## In your own application$.*?^```ts\n(.*?)^```$/ms;

/**
 * The application that a README shows.
 * @throws when it shows none, or one that is not complete
 */
export function readReadmeApp(file) {
  const example = EXAMPLE.exec(readFileSync(file, 'utf8'))?.[1];
  if (!example?.includes('export class AppModule')) {
    throw new Error(`${file} has no example with an AppModule at the start of "In your own application"`);
  }
  return example;
}
