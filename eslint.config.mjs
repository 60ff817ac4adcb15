import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import prettier from 'eslint-config-prettier/flat';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/** Whatever a preset only warns about is an error here: a warning is a rule nobody has decided on. */
function asErrors(rules) {
  return Object.fromEntries(
    Object.entries(rules).map(([name, setting]) => [name, setting === 'warn' ? 'error' : setting]),
  );
}

export default defineConfig(
  globalIgnores(['**/dist/', 'coverage/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // The rule leaves files with decorators alone, because Nest reads the types of constructor parameters at run time.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Numbers in messages read well and cannot surprise.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A Nest module or controller may consist of its decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // It asks for `!`, which no-non-null-assertion (of the strict preset) refuses.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Nest and its modules declare the shape of their options as classes; everybody passes them literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      eqeqeq: 'error',
    },
  },
  {
    // These functions run beside hostile code; the rules for that are in realm/primordials.ts and forbid what these ask.
    files: ['libs/js-runtime/src/sandbox/realm/**/*.ts'],
    rules: {
      // `for…of` calls an iterator that the script may have replaced.
      '@typescript-eslint/prefer-for-of': 'off',
      // Intrinsics are taken off their objects on purpose, and called through a captured Reflect.apply.
      '@typescript-eslint/unbound-method': 'off',
      // Empty functions are samples of their kind, whose prototypes are wanted.
      '@typescript-eslint/no-empty-function': 'off',
      // `await undefined` is the way to a microtask that needs no promise method.
      '@typescript-eslint/await-thenable': 'off',
    },
  },
  {
    // Scripts and configuration files are plain JavaScript that no tsconfig includes.
    files: ['**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        AbortController: 'readonly',
        AbortSignal: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        process: 'readonly',
      },
    },
  },
  {
    files: ['**/*.spec.ts', '**/*.e2e-spec.ts', 'test/**/*.ts', 'libs/*/test-support/**/*.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      ...asErrors(jest.configs['flat/recommended'].rules),
      // supertest asserts with its own `expect`; helpers that assert are named so.
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect*', 'request.**.expect'] }],
      // `expect.any()` and the bodies that supertest reads are `any`; the assertion on them is the check.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      // Method references are what `expect(spy.method)` takes; the rule below knows that and checks the rest.
      '@typescript-eslint/unbound-method': 'off',
      'jest/unbound-method': 'error',
    },
  },
  prettier,
);
