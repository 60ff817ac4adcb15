import { z } from 'zod';
import type { ScriptLanguage } from 'nestjs-js-runtime';

/** Every one of these is also the last part of a specifier, as it is. */
const RULE = /^(?=.{1,128}$)[A-Za-z0-9_][\w.-]*\.(?:m?js|m?ts)$/;

export const moduleName = z
  .string()
  .regex(
    RULE,
    'The name of a module must have 1 to 128 letters, digits or any of _ . -, begin with a letter, a digit or _, and end in .js, .mjs, .ts or .mts',
  );

export function isModuleName(name: string): boolean {
  return RULE.test(name);
}

/** What a module of this name is written in, unless somebody says otherwise. */
export function languageOf(name: string): ScriptLanguage {
  return /\.m?ts$/.test(name) ? 'typescript' : 'javascript';
}
