import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { isFreeGlobalName, isMethodName } from './global-names.ts';

describe('Names of globals', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime();
  });

  afterAll(async () => runtime.close());

  it('are not free when every realm has such a global', async () => {
    const script = `
      const names = new Set();
      for (let object = globalThis; object; object = Object.getPrototypeOf(object)) {
        for (const name of Object.getOwnPropertyNames(object)) names.add(name);
      }
      [...names]`;
    const names = (await runtime.valueOf(script)) as string[];
    expect(names).toContain('context');
    expect(names.filter(isFreeGlobalName)).toEqual([]);
  });

  it('are not free when nobody could write them', () => {
    const names = ['', 'a-b', 'a.b', '1a', 'é', 'a b', 'class', 'await', 'let', 'null', 'a'.repeat(65)];
    expect(names.filter(isFreeGlobalName)).toEqual([]);
    expect(['kv', '$', '_x1', 'crypto', 'fetch', 'process'].filter((name) => !isFreeGlobalName(name))).toEqual([]);
  });

  it('of methods are not those that would make a namespace something else', () => {
    expect(['then', '__proto__', 'constructor', 'toJSON', 'prototype', 'a.b', ''].filter(isMethodName)).toEqual([]);
    expect(['get', 'delete', 'class', 'x'.repeat(64)].filter((name) => !isMethodName(name))).toEqual([]);
  });
});
