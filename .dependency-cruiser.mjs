/** @type {import('dependency-cruiser').IConfiguration} */

const LIB = '^libs/js-runtime/src';
const TEST = ['\\.(e2e-)?spec\\.ts$', '^test/', '^libs/[^/]+/test-support/'];
const PRODUCTION = { path: '^(src|libs|apps)/', pathNot: TEST };

/** Directories of the library as one pattern: `layers('process', 'protocol')`. */
const layers = (...names) => `${LIB}/(${names.join('|')})/`;
/** Everything of a layer but its tests, which may use test support code. */
const inLayer = (...names) => ({ path: layers(...names), pathNot: TEST });

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Also by types only: two files that need each other are one file, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing uses and that uses nothing is dead.',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.d\\.ts$' },
      to: {},
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-unlisted-package',
      comment: 'In the nearest package.json, that is. Tests use what the root has.',
      severity: 'error',
      from: PRODUCTION,
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-dependency-in-production',
      severity: 'error',
      from: PRODUCTION,
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'no-test-code-in-production',
      severity: 'error',
      from: PRODUCTION,
      to: { path: TEST },
    },

    // Layers of the library. What is not listed is not allowed.
    {
      name: 'sandbox-stands-alone',
      comment: 'The VM process may read sandbox/ and protocol/ and no package at all.',
      severity: 'error',
      from: inLayer('sandbox'),
      to: { pathNot: [layers('sandbox', 'protocol'), '(^|/)node_modules/isolated-vm/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'sandbox-reads-no-package',
      comment: 'protocol/vm-message.schema.ts imports zod, which the VM process may not read.',
      severity: 'error',
      from: inLayer('sandbox'),
      to: { path: `${LIB}/protocol/vm-message\\.schema\\.ts$` },
    },
    {
      name: 'isolated-vm-only-as-type',
      comment: 'The addon is loaded by sandbox/native.ts alone, from the path it is told; the backend never has it.',
      severity: 'error',
      from: { path: '^(src|libs|test)/' },
      to: { path: '(^|/)isolated-vm(/|$)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'isolated-vm-only-in-sandbox',
      severity: 'error',
      from: { path: '^(src|libs|test)/', pathNot: layers('sandbox') },
      to: { path: '(^|/)isolated-vm(/|$)' },
    },
    {
      name: 'realm-stands-alone',
      comment: 'Sent into the isolate as text: nothing of another module exists there, types do not matter.',
      severity: 'error',
      from: { path: `${LIB}/sandbox/realm/`, pathNot: TEST },
      to: { pathNot: `${LIB}/sandbox/realm/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'protocol-stands-alone',
      severity: 'error',
      from: inLayer('protocol'),
      to: { pathNot: [layers('protocol'), '(^|/)node_modules/zod/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'process-knows-only-the-protocol',
      severity: 'error',
      from: inLayer('process'),
      to: { pathNot: layers('process', 'protocol', 'sandbox'), dependencyTypesNot: ['core'] },
    },
    {
      name: 'sandbox-only-as-type',
      comment: 'Code of the VM process runs in no other.',
      severity: 'error',
      from: { path: '^(src|libs|apps)/', pathNot: [...TEST, layers('sandbox')] },
      to: { path: layers('sandbox'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'config-stands-alone',
      severity: 'error',
      from: inLayer('config'),
      to: { path: `${LIB}/`, pathNot: layers('config') },
    },
    {
      name: 'errors-below-pool-execution-compiler',
      severity: 'error',
      from: inLayer('errors'),
      to: { path: layers('pool', 'execution', 'compiler') },
    },
    {
      name: 'admission-below-pool',
      severity: 'error',
      from: inLayer('admission'),
      to: { path: layers('pool', 'process', 'execution', 'compiler') },
    },
    {
      name: 'host-api-below-everything-that-calls',
      comment: 'What applications declare, and nothing of how it is called.',
      severity: 'error',
      from: inLayer('host-api'),
      to: { path: `${LIB}/`, pathNot: layers('host-api', 'config', 'errors', 'protocol', 'tenancy') },
    },
    {
      name: 'metrics-below-everything-that-counts',
      severity: 'error',
      from: inLayer('metrics'),
      to: { path: `${LIB}/`, pathNot: layers('metrics', 'config', 'errors') },
    },
    {
      name: 'load-knows-no-pool',
      comment: 'Whoever has VMs tells it of them.',
      severity: 'error',
      from: inLayer('load'),
      to: { path: `${LIB}/`, pathNot: layers('load', 'config') },
    },
    {
      name: 'audit-below-execution',
      severity: 'error',
      from: inLayer('audit'),
      to: { path: `${LIB}/`, pathNot: layers('audit', 'config', 'errors', 'metrics', 'tenancy') },
    },
    {
      name: 'tracing-is-low',
      comment: 'It is told what happens, and asks nobody.',
      severity: 'error',
      from: inLayer('tracing'),
      to: { path: `${LIB}/`, pathNot: layers('tracing', 'errors', 'metrics') },
    },
    {
      name: 'opentelemetry-only-in-tracing',
      comment: "What an SDK throws is caught there. The SDK itself is the application's.",
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: [...TEST, layers('tracing')] },
      to: { path: '(^|/)@opentelemetry/' },
    },
    {
      name: 'opentelemetry-without-sdk',
      severity: 'error',
      from: inLayer('tracing'),
      to: { path: '(^|/)@opentelemetry/', pathNot: '(^|/)@opentelemetry/api(/|$)' },
    },
    {
      name: 'console-sink-below-execution',
      severity: 'error',
      from: inLayer('console-sink'),
      to: { path: `${LIB}/`, pathNot: layers('console-sink', 'errors', 'protocol', 'tenancy') },
    },
    {
      name: 'pool-below-execution-compiler',
      severity: 'error',
      from: inLayer('pool'),
      to: { path: layers('execution', 'compiler', 'bridge', 'typings') },
    },
    {
      name: 'security-below-bridge',
      severity: 'error',
      from: inLayer('security'),
      to: { path: layers('execution', 'compiler', 'bridge', 'typings') },
    },
    {
      name: 'bridge-below-execution-compiler',
      severity: 'error',
      from: inLayer('bridge'),
      to: { path: layers('execution', 'compiler', 'typings') },
    },
    {
      name: 'compiler-below-execution',
      severity: 'error',
      from: inLayer('compiler'),
      to: { path: layers('execution', 'bridge', 'typings') },
    },
    {
      name: 'index-is-for-users',
      comment: 'Inside the library the index would make cycles.',
      severity: 'error',
      from: inLayer('[^/]+'),
      to: { path: `${LIB}/index\\.ts$` },
    },

    // The library and its users.
    {
      name: 'library-knows-no-user',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(src|apps|test)/' },
    },
    {
      name: 'library-only-through-its-index',
      comment: 'As everybody else: from `nestjs-js-runtime`, never from a path inside it.',
      severity: 'error',
      from: { path: '^(src|apps)/' },
      to: { path: ['^libs/', '(^|/)node_modules/nestjs-js-runtime/'], pathNot: `${LIB}/index\\.ts$` },
    },
    {
      name: 'library-only-by-its-name',
      severity: 'error',
      from: { path: '^(src|apps)/' },
      to: { path: `${LIB}/index\\.ts$`, dependencyTypesNot: ['aliased'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '(^|/)dist/'] },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports as they are written, so that types count too.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json', '.node', '.d.ts'],
    },
    skipAnalysisNotInRules: true,
  },
};
