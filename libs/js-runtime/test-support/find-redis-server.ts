import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of the `redis-server` that tests may start, if there is one. */
export function findRedisServer(): string | undefined {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, 'redis-server'));
  return paths.find(isExecutable);
}

/** Whether a missing `redis-server` is a failure: `JS_RUNTIME_TEST_REDIS=required`. */
export function isRedisRequired(): boolean {
  return process.env['JS_RUNTIME_TEST_REDIS'] === 'required';
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
