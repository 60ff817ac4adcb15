import { indented } from './type-printer.ts';
import { stringLiteral } from './identifiers.ts';
import { docComment } from './doc-comment.ts';
import { RUNTIME_ERROR_CODES } from './runtime-error-codes.ts';

const codes = Object.entries(RUNTIME_ERROR_CODES);

const codeList = docComment(
  "What went wrong: the API's own code, or one of the runtime's:\n",
  ...codes.map(([code, meaning]) => `- \`${code}\`: ${meaning}`),
);

/**
 * What every script has. `input` and what the backend says of tenant, user and request are `any`: their shape is known to
 * nobody here, and an author of JavaScript could not narrow anything else without a cast. All types are in one
 * namespace, as scripts share the global one. `console` and timers are written so that they agree with those of a browser
 * or of Node, should an editor know them too.
 */
export const RUNTIME_TYPINGS = `\
// What scripts of one tenant see, beside ECMAScript: made by the backend from its host APIs.
//
// For an editor, compilerOptions should have "lib": ["esnext"] and "types": [], as there is nothing of a browser or of Node.
// These parts of ECMAScript are not there: eval, Function and the constructors of other functions, import(), WebAssembly,
// SharedArrayBuffer, Atomics, FinalizationRegistry.

declare namespace JsRuntime {
  /** What JSON can carry; a member that is undefined is left out. */
  type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

  /** On whose behalf a script runs, and for how long. Frozen. */
  interface Context {
    readonly tenant: Tenant;
    readonly user?: User;
    readonly request?: Request;
    readonly executionId: string;
    /** Milliseconds that the execution had left when the script began. */
    readonly deadlineMs: number;
  }

  /** As the backend describes it. */
  interface Tenant {
    readonly id: string;
    readonly [key: string]: any;
  }

  /** As the backend describes it. */
  interface User {
    readonly id: string;
    readonly [key: string]: any;
  }

  /** As the backend describes it. */
  interface Request {
    readonly [key: string]: any;
  }

  /**
   * What a script with \`wrap: 'module'\` may export as its default. What it returns, or what its promise becomes, is the result.
   * In JavaScript, a comment with \`@satisfies {JsRuntime.Main}\` before the function in brackets gives it these types.
   */
  type Main<Input = any> = (input: Input, context: Context) => any;

  /** What a call of a host API fails with. */
  interface ApiError extends Error {
${indented(indented(codeList)).trimEnd()}
    readonly code: ApiErrorCode;
    /** What else the API says of it. */
    readonly details?: any;
  }

  type ApiErrorCode = ${codes.map(([code]) => stringLiteral(code)).join(' | ')} | (string & {});

  /** Reads what a host API has answered, as often as wanted. */
  interface Body {
    readonly text: () => Promise<string>;
    readonly json: () => Promise<any>;
  }
}

/** On whose behalf the script runs, and for how long. Frozen. */
declare const context: JsRuntime.Context;

/** What the caller passed, as JSON; undefined when that is nothing. Frozen. */
declare const input: any;

/** Comes back with the result. */
interface Console {
  log(...data: any[]): void;
  info(...data: any[]): void;
  warn(...data: any[]): void;
  error(...data: any[]): void;
  debug(...data: any[]): void;
}
declare var console: Console;

/** Timers that are pending when the result is there are dropped. */
declare function setTimeout<Args extends any[]>(callback: (...args: Args) => unknown, delayMs?: number, ...args: Args): number;
/** Timers that are pending when the result is there are dropped. */
declare function setInterval<Args extends any[]>(callback: (...args: Args) => unknown, delayMs?: number, ...args: Args): number;
declare function clearTimeout(id: number | undefined): void;
declare function clearInterval(id: number | undefined): void;
declare function queueMicrotask(callback: () => unknown): void;
/** For JSON, Date, RegExp, Map, Set, Error, ArrayBuffer and typed arrays, with cycles. */
declare function structuredClone<T>(value: T): T;
`;
