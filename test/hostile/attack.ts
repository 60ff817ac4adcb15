import type { ErrorCode, ExecuteOptions, ScriptLanguage, ScriptWrap } from 'nestjs-js-runtime';

/*
 * How a hostile case is written down: mostly one line, with the helpers below. The tables in cases/ are read by the spec
 * and by the loop, the latter with plain Node: erasable TypeScript only.
 */

/** The backend's codes, and those that only its HTTP layer has. */
export type Code = ErrorCode | 'REQUEST_TOO_LARGE';

/** `limits` of a request. */
export interface Limits {
  readonly timeoutMs: number;
  readonly maxCpuMs?: number;
  readonly maxMemoryMb?: number;
}

/** What an attack may come to. Exact wherever it can be: a value that proves that the attack got nothing. */
export type Expected =
  /** This result; `undefined` for none. `logs`: these messages, too. */
  | { readonly value: unknown; readonly logs?: readonly string[] }
  /**
   * One of these errors; `error` is the name of what the script threw, `at` says where: `a.js:1:7`. `orValue`: or any value,
   * when the attack may also come to nothing.
   */
  | { readonly codes: readonly Code[]; readonly error?: string; readonly at?: string; readonly orValue?: true }
  /** Any value: the first of two steps, which only prepares something. */
  | { readonly anyValue: true };

/** What else goes into the request. Whatever the backend does not know is part of an attack. */
export interface More {
  readonly wrap?: ScriptWrap;
  readonly realm?: ExecuteOptions['realm'];
  readonly language?: ScriptLanguage;
  /** What the script may import, by specifier, where there is somebody who resolves it. */
  readonly modules?: Readonly<Record<string, string | AttackModule>>;
  readonly name?: string;
  readonly input?: unknown;
  readonly executionId?: string;
  readonly limits?: Limits;
  /** Members that no request has. */
  readonly forged?: Readonly<Record<string, unknown>>;
}

export interface AttackModule {
  readonly source: string;
  /** Default the specifier. */
  readonly name?: string;
  readonly language?: ScriptLanguage;
}

export interface Step {
  readonly script: string;
  readonly more: More;
  readonly expected: Expected;
  /** Whether another tenant than that of the first step runs it. */
  readonly byAnother: boolean;
}

export interface Attack {
  readonly name: string;
  /** Where the idea comes from: an advisory, an issue, an article, or `own`. */
  readonly source: string;
  /** One after the other, in the same VM. */
  readonly steps: readonly Step[];
}

export interface Table {
  readonly category: string;
  /** For every step that has no limits of its own. */
  readonly limits: Limits;
  /** Whether the steps of an attack have to meet in one VM. */
  readonly sharesVm?: true;
  /** Whether the memory of the VM processes is measured. */
  readonly measuresMemory?: true;
  readonly attacks: readonly Attack[];
}

export function value(expected: unknown, logs?: readonly string[]): Expected {
  return { value: expected, ...(logs && { logs }) };
}

export function ends(...codes: readonly Code[]): Expected {
  return { codes };
}

/** Whatever it comes to: a value, or one of these. */
export function survives(...codes: readonly Code[]): Expected {
  return { codes, orValue: true };
}

/** It is no script, and the error says where. */
export function wrongAt(at: string): Expected {
  return { codes: ['COMPILATION_FAILED'], at };
}

/** The script fails with an error of this name, and nothing else happens. */
export function throws(error: string, at?: string): Expected {
  return { codes: ['SCRIPT_ERROR'], error, ...(at !== undefined && { at }) };
}

/** One script. */
export function attack(name: string, source: string, script: string, expected: Expected, more: More = {}): Attack {
  return { name, source, steps: [{ script, more, expected, byAnother: false }] };
}

/** The first script leaves something behind; the second, of the same tenant, looks for it. */
export function leak(
  name: string,
  source: string,
  poison: string,
  look: string,
  expected: Expected,
  more?: TwoSteps,
): Attack {
  return twoSteps(name, source, poison, look, expected, false, more);
}

/** The same, with the second script of another tenant. */
export function spy(
  name: string,
  source: string,
  poison: string,
  look: string,
  expected: Expected,
  more?: TwoSteps,
): Attack {
  return twoSteps(name, source, poison, look, expected, true, more);
}

export interface TwoSteps {
  readonly poison?: More;
  readonly look?: More;
  /** What the first step comes to, when it is no value. */
  readonly poisoned?: Expected;
}

function twoSteps(
  name: string,
  source: string,
  poison: string,
  look: string,
  expected: Expected,
  byAnother: boolean,
  more: TwoSteps = {},
): Attack {
  const first: Step = {
    script: poison,
    more: more.poison ?? {},
    expected: more.poisoned ?? { anyValue: true },
    byAnother: false,
  };
  return { name, source, steps: [first, { script: look, more: more.look ?? {}, expected, byAnother }] };
}

/** For scripts that have got hold of what may be a function constructor: `pwn(F)` says what came of using it. */
export const PWN = 'const pwn = (F) => { try { return typeof F("return process")() } catch (e) { return e.name } };\n';
