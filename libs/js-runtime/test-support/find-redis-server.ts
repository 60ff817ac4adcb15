import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of the `redis-server` that tests may start, if there is one. */
export function findRedisServer(): string | undefined {
  const paths = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'redis-server'));
  return paths.find(isExecutable);
}

/** Whether tests that need one are left out: with `JS_RUNTIME_TEST_REDIS=required` they fail instead. */
export function isRedisLeftOut(): boolean {
  return findRedisServer() === undefined && process.env.JS_RUNTIME_TEST_REDIS !== 'required';
}

/** For the titles of tests that are left out. */
export const LEFT_OUT = isRedisLeftOut() ? ' (left out: there is no redis-server)' : '';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
