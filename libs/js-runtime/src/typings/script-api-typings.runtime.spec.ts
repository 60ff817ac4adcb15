import { z } from 'zod';
import { faultsOf } from '../../test-support/check-script.ts';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { typingsOf } from '../../test-support/typings-of.ts';
import { ScriptApi } from '../host-api/script-api.decorator.ts';
import { ScriptApiError } from '../host-api/script-api-error.ts';
import { ScriptMethod } from '../host-api/script-method.decorator.ts';

@ScriptApi('shop')
class ShopApi {
  @ScriptMethod({
    input: z.tuple([z.string().meta({ title: 'id' }), z.int().optional()], z.int()),
    output: z.object({ id: z.string(), at: z.date(), amounts: z.array(z.number()) }).optional(),
  })
  find([id, ...amounts]: [string, (number | undefined)?, ...number[]]): unknown {
    return id === 'none' ? undefined : { id, at: new Date(0), amounts };
  }

  @ScriptMethod({ input: z.url(), output: z.object({ status: z.int(), body: z.string() }), body: true })
  fetch(): unknown {
    return { status: 200, body: '{"total":42}' };
  }

  @ScriptMethod()
  fail(): unknown {
    throw new ScriptApiError('SOLD_OUT', 'There is none left', { left: 0 });
  }
}

/** Of ECMAScript, and not for scripts. The compiler's libraries have them all the same. */
const TAKEN_AWAY = ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'FinalizationRegistry'];

describe('ScriptApiTypings, beside what scripts really see', () => {
  let runtime: TestRuntime;
  let typings: string;
  beforeAll(async () => {
    runtime = await startRuntime({ permissions: ['*'] }, {}, [ShopApi]);
    typings = await (await typingsOf([ShopApi]))();
  });
  afterAll(async () => runtime.close());

  it('know every global, and no other', async () => {
    const seen = (await runtime.valueOf('Object.getOwnPropertyNames(globalThis)')) as string[];
    expect(faultsOf(typings, seen.map((name) => `void ${name};`).join('\n'))).toEqual([]);
    const declared = [...typings.matchAll(/^declare (?:const|var|function) (\w+)/gm)].map(([, name]) => name);
    expect(seen).toEqual(expect.arrayContaining(declared));
    expect(seen.filter((name) => TAKEN_AWAY.includes(name))).toEqual([]);
  });

  it('know every member of the console, of the context and of an API', async () => {
    for (const name of ['console', 'context', 'shop']) {
      const keys = (await runtime.valueOf(`Object.keys(${name})`)) as string[];
      // Too many are a fault, and so are too few.
      const all = `const all: { [Key in keyof typeof ${name}]: 1 } = { ${keys.map((key) => `${key}: 1`).join(', ')} };`;
      expect(faultsOf(typings, all)).toEqual([]);
    }
  });

  it('lets a script compile that does what its types say', async () => {
    const script = `
      const found = await shop.find('a', 1, 2, 3);
      const isNone: boolean = (await shop.find('none')) === undefined;
      const answer = await shop.fetch('https://example.com/');
      const texts: readonly string[] = [await answer.text(), await answer.text()];
      let caught: [JsRuntime.ApiErrorCode, number] | undefined;
      try {
        await shop.fail();
      } catch (thrown) {
        const { code, details } = thrown as JsRuntime.ApiError;
        caught = [code, details.left];
      }
      const timer: number = setTimeout(() => {}, 1000);
      clearTimeout(timer);
      export default [found?.at.slice(0, 4), found?.amounts, isNone, answer.status, texts.length, (await answer.json()).total, caught];`;
    expect(faultsOf(typings, script)).toEqual([]);
    expect(await runtime.valueOf(script, { wrap: 'module', language: 'typescript' })).toEqual([
      '1970',
      [1, 2, 3],
      true,
      200,
      2,
      42,
      ['SOLD_OUT', 0],
    ]);
  });
});
