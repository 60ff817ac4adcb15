import { z } from 'zod';
import { faultsOf } from '../../test-support/check-script.ts';
import { apiMethodOf } from '../host-api/api-method-of.ts';
import type { ScriptMethodOptions } from '../host-api/script-method.decorator.ts';
import { printMethod } from './print-method.ts';
import { printNamespace } from './print-namespace.ts';
import { RUNTIME_TYPINGS } from './runtime-typings.ts';

const method = (options: ScriptMethodOptions, name = 'api.call'): ReturnType<typeof printMethod> =>
  printMethod(apiMethodOf(name, options, 'here', () => () => undefined));

/** The type of `api.call`, on one line. */
const typeOf = (options: ScriptMethodOptions): string =>
  method(options)
    .member.replace(/^.*readonly call: (.*);$/s, '$1')
    .replaceAll(/\s+/g, ' ');

const typingsOf = (options: ScriptMethodOptions, name = 'api.call', description?: string): string =>
  RUNTIME_TYPINGS + printNamespace(name.split('.')[0] ?? '', description, [method(options, name)]);

const takes = (input: z.ZodType): string => typeOf({ input, output: z.void() }).slice(0, -' => Promise<void>'.length);
const gives = (output: z.ZodType): string => typeOf({ output }).replace(/^\(\) => Promise<(.*)>$/, '$1');

const tree = z.object({
  value: z.number(),
  get children() {
    return z.array(tree);
  },
});

describe('printMethod', () => {
  it('writes what a method takes', () => {
    expect(typeOf({})).toBe('() => Promise<any>');
    expect(takes(z.string())).toBe('(arg0: string)');
    expect(takes(z.string().optional())).toBe('(arg0?: string)');
    expect(takes(z.string().default('a').meta({ title: 'text' }))).toBe('(text?: string)');
    expect(takes(z.tuple([]))).toBe('()');
    expect(takes(z.tuple([z.string(), z.number().optional()], z.boolean()))).toBe(
      '(arg0: string, arg1?: number, ...arg2: boolean[])',
    );
    expect(takes(z.tuple([z.int()], z.union([z.string(), z.number()]).meta({ title: 'all' })))).toBe(
      '(arg0: number, ...all: (string | number)[])',
    );
    expect(takes(z.tuple([z.string().optional(), z.number()]))).toBe('(arg0: string, arg1: number)');
    expect(takes(z.array(z.string()))).toBe('(arg0: readonly string[])');
    expect(takes(z.tuple([z.tuple([z.int(), z.int().optional()])]))).toBe('(arg0: readonly [number, number?])');
    expect(takes(z.object({ a: z.int().default(1), b: z.iso.date().optional() }))).toBe(
      '(arg0: { a?: number; b?: string; })',
    );
    expect(takes(z.tuple([z.json(), z.json().optional().meta({ title: 'value' })]))).toBe(
      '(arg0: JsRuntime.Json, value?: JsRuntime.Json)',
    );
    expect(takes(z.string().transform(Number))).toBe('(arg0: string)');
  });

  it('writes what a method gives', () => {
    expect(gives(z.void())).toBe('void');
    expect(gives(z.undefined())).toBe('undefined');
    expect(gives(z.string().optional())).toBe('string | undefined');
    expect(gives(z.string().default('a'))).toBe('string');
    expect(gives(z.string().nullable())).toBe('string | null');
    expect(gives(z.enum(['a', 'b']))).toBe('"a" | "b"');
    expect(gives(z.literal(['a', -1, true, null]))).toBe('"a" | -1 | true | null');
    expect(gives(z.array(z.union([z.string(), z.null()])))).toBe('(string | null)[]');
    expect(gives(z.tuple([z.string(), z.int().optional()], z.date()))).toBe('[string, number?, ...string[]]');
    expect(gives(z.date())).toBe('string');
    expect(gives(z.never())).toBe('never');
    expect(gives(z.record(z.string(), z.int()))).toBe('{ [key: string]: number; }');
    expect(gives(z.record(z.enum(['a', 'b']), z.int()))).toBe('{ [Key in "a" | "b"]: number }');
    expect(gives(z.partialRecord(z.enum(['a', 'b']), z.int()))).toBe('{ [Key in "a" | "b"]?: number }');
    expect(gives(z.looseObject({ a: z.int() }))).toBe('{ a: number; [key: string]: any; }');
    expect(gives(z.object({ a: z.int().optional() }).catchall(z.string()))).toBe(
      '{ a?: number; [key: string]: string | number | undefined; }',
    );
    expect(gives(z.discriminatedUnion('t', [z.object({ t: z.literal(1) }), z.strictObject({ t: z.literal(2) })]))).toBe(
      '{ t: 1; } | { t: 2; }',
    );
    expect(gives(z.intersection(z.record(z.string(), z.int()), z.object({ a: z.int() })))).toMatch(
      /^\(\{.*\}\) & \(\{.*\}\)$/,
    );
  });

  it.each([
    ['a transform', z.string().transform(Number)],
    ['a class', z.instanceof(Map)],
    ['what only code knows', z.custom()],
    ['a map', z.map(z.string(), z.string())],
    ['a bigint', z.bigint()],
    ['JSON of any kind', z.json()],
    ['JSON of any kind or nothing', z.json().optional()],
    ['what throws when it is looked at', z.lazy(() => thrower())],
    ['two schemas of one id', z.tuple([z.string().meta({ id: 'Twice' }), z.int().meta({ id: 'Twice' })])],
    ['metadata that is no JSON', z.string().meta({ examples: [1n] as never })],
  ])('leaves %s open', (_, output) => {
    expect(gives(output)).toBe('any');
  });

  it('takes anything where a schema cannot be shown', () => {
    expect(takes(z.lazy(() => thrower()))).toBe('(...args: any[])');
    expect(takes(z.custom())).toBe('(arg0: any)');
  });

  it('declares types that need themselves, apart for each side and each method', () => {
    const both = { input: tree, output: tree };
    const methods = [method(both, 'api.one'), method(both, 'api.two'), method(both, 'api.delete')];
    const typings = RUNTIME_TYPINGS + printNamespace('api', undefined, methods);
    const script = `
      const leaf = Object.freeze({ value: 1, children: Object.freeze([]) });
      api.one({ value: 1, children: [leaf] }).then((tree) => {
        tree.children.push(tree);
        tree.children[0]?.children[0]?.value.toFixed();
        return api.delete(tree);
      });
      api.two({ value: 1, children: [{ value: '2', children: [] }] });`;
    expect(faultsOf(typings, script)).toEqual([`script.ts:8 Type 'string' is not assignable to type 'number'.`]);
  });

  it.each(['JsRuntime', 'Console', 'Json', 'any', 'type', 'namespace', '$', 'declare'])(
    'can have a namespace %s',
    (namespace) => {
      const typings = typingsOf({ input: tree, output: tree }, `${namespace}.call`);
      expect(faultsOf(typings, `${namespace}.call({ value: 1, children: [] }).then((tree) => tree.value)`)).toEqual([]);
    },
  );

  it('has room for text() and json() where the answer has a body', () => {
    const body = true;
    expect(typeOf({ body, output: z.object({ body: z.string() }) })).toBe('() => Promise<{} & JsRuntime.Body>');
    expect(typeOf({ body })).toBe('() => Promise<{ [key: string]: any; } & JsRuntime.Body>');
    const script = 'api.call().then(async (answer) => (await answer.text()).length + (await answer.json()).total)';
    expect(faultsOf(typingsOf({ body }), script)).toEqual([]);
  });

  describe('keeps hostile text in its place', () => {
    const breakOut = 'a */ declare const stolen: string; /* *\\/ **/ \u2028 */ declare const taken: string; /*';
    const stolen = 'stolen; taken;';
    const faults = ['stolen', 'taken'].map((name) => `script.ts:1 Cannot find name '${name}'.`);

    it('in descriptions', () => {
      const options: ScriptMethodOptions = {
        description: breakOut,
        input: z.tuple([z.string().describe(`${breakOut}\n${breakOut}`)]),
        output: z.object({ a: z.string().describe(breakOut) }),
      };
      expect(faultsOf(typingsOf(options, 'api.call', breakOut), stolen)).toEqual(faults);
    });

    it('in the names of properties, in literals and in ids', () => {
      const names = [
        'a-b',
        '1',
        '',
        '"',
        "'",
        '\\',
        '\n',
        '\u2028',
        'a: any }; declare const stolen: string; //',
        '*/',
      ];
      const shape = Object.fromEntries(names.map((name) => [name, z.literal(name).meta({ id: `Id of ${name}` })]));
      const typings = typingsOf({ input: z.object(shape), output: z.strictObject(shape) });
      const argument = JSON.stringify(Object.fromEntries(names.map((name) => [name, name])));
      expect(faultsOf(typings, `api.call(${argument}).then((all) => all['\\n'] === '\\n' && all['\u2028'])`)).toEqual(
        [],
      );
      expect(faultsOf(typings, stolen)).toEqual(faults);
    });

    it('in what zod takes over of metadata', () => {
      const evil = 'any; declare const stolen: string';
      const input = z.string().meta({ 'x-nothing': evil, tsType: evil });
      expect(takes(input)).toBe('(arg0: string)');
      expect(takes(z.custom().meta({ type: evil, 'x-nothing': evil } as never))).toBe('(arg0: any)');
    });

    it('in titles, which are names where they can be', () => {
      const titles = ['key', 'key', 'arg4', 'class', 'a b', 'this', '}', '', 'await', 'ключ', '$', 'any'];
      const items = titles.map((title) => z.string().meta({ title }));
      const input = z.tuple(items as [z.ZodString]);
      expect(takes(input).match(/[\w$]+(?=:)/g)).toEqual([
        'key',
        'key_',
        'arg4',
        'arg3',
        'arg4_',
        'arg5',
        'arg6',
        'arg7',
        'arg8',
        'arg9',
        '$',
        'any',
      ]);
      expect(faultsOf(typingsOf({ input }), '1', { isModule: true })).toEqual([]);
    });
  });
});

function thrower(): never {
  throw new Error('not now');
}
