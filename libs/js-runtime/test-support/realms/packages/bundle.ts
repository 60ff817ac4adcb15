import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { build, type BuildOptions } from 'esbuild';
import Handlebars from 'handlebars';

/*
 * What tenants use of npm, bundled into one script as they would do it. Each workout is a module whose default export returns what the package
 * has come to.
 */

const precompile = (template: string): string => Handlebars.precompile(template) as string;
const ITEMS =
  '{{#each items}}{{@index}}: {{name}} {{#if price}}{{money price}}{{else}}free{{/if}} {{> tag this}}\n{{/each}}';
const NAMES = '{{{raw}}}{{toString}}{{constructor}}{{lookup this "x"}}{{#with user}}{{name}}{{/with}}';

/** Handlebars makes functions of text, which no realm allows, so a tenant compiles templates before and takes its runtime only. */
const HANDLEBARS = `
import Handlebars from 'handlebars/runtime';
const spec = ${precompile(ITEMS + NAMES)};
const tag = ${precompile('<{{name}}>')};
export default function workOut() {
  const own = Handlebars.create();
  own.registerHelper('money', (price) => new own.SafeString('<b>' + price.toFixed(2) + '</b>'));
  own.registerPartial('tag', own.template(tag));
  let thrown;
  try { own.template(tag)({}, { partials: {} }); own.template(spec)({ items: [{ price: {} }] }); } catch (error) { thrown = [error.name, error.message]; }
  const text = own.template(spec)({ items: [{ name: 'a & b', price: 1 }, { name: 'c' }], raw: '<i>', toString: 'own', x: 1, user: { name: 'u' } });
  return [text, thrown, String(new own.Exception('x')), new own.Exception('x') instanceof Error];
}`;

/** As does Ajv. */
const ajv = new Ajv({ code: { source: true, esm: true }, allErrors: true });
ajv.addSchema({
  $id: '#check',
  type: 'object',
  required: ['name', 'items'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 2, pattern: '^[a-z]+$' },
    items: {
      type: 'array',
      uniqueItems: true,
      items: { anyOf: [{ type: 'integer', multipleOf: 2 }, { const: { a: 1 } }] },
    },
    constructor: { type: 'string' },
  },
});
const AJV = `
${standaloneCode.default(ajv, { check: '#check' })}
export default function workOut() {
  const of = (value) => [check(value), check.errors];
  return [of({ name: 'abc', items: [2, { a: 1 }] }), of({ name: 'A', items: [1, 1], constructor: 1, more: 1 }), of({}), of('😀')];
}`;

const PACKAGES: Readonly<Record<string, string>> = {
  lodash: "export { default } from './lodash.mjs'",
  dayjs: "export { default } from './dayjs.mjs'",
  zod: "export { default } from './zod.mjs'",
  handlebars: HANDLEBARS,
  mathjs: "export { default } from './mathjs.mjs'",
  marked: "export { default } from './marked.mjs'",
  ajv: AJV,
  'decimal.js': "export { default } from './decimal.js.mjs'",
};

export const packages = Object.keys(PACKAGES);

/** A module without imports whose default export is the workout of a package. */
export async function bundleAsModule(name: string): Promise<string> {
  return bundle(name, { format: 'esm' });
}

/** The same as a function body that runs it, with a global object of its own. */
export async function bundleAsBody(name: string): Promise<string> {
  const script = await bundle(name, { format: 'iife', globalName: 'bundled' });
  return `return (function (globalThis) {\n${script}\nreturn bundled.default();\n})(Object.create(globalThis))`;
}

async function bundle(name: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    stdin: { contents: PACKAGES[name] ?? '', resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    write: false,
    target: 'es2022',
    // As the global object is called elsewhere.
    define: { global: 'globalThis' },
  });
  return outputFiles[0]?.text ?? '';
}
