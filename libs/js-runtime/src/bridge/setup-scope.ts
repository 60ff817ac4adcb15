import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { z } from 'zod';
import type { ApiFunction, ApiMethod } from '../host-api/api-method.ts';
import { apiMethodOf } from '../host-api/api-method-of.ts';
import type { ApiRegistry } from '../host-api/api-registry.ts';
import type { ScriptCall } from '../host-api/script-call.ts';
import type { ScriptMethodOptions } from '../host-api/script-method.decorator.ts';
import {
  GLOBAL_NAME_RULE_TEXT,
  isFreeGlobalName,
  isMethodName,
  METHOD_NAME_RULE_TEXT,
} from '../protocol/global-names.ts';
import type { Json } from '../tenancy/tenant-context.ts';

/** The VM that an execution runs in. */
export interface SetupVm {
  readonly id: string;
  readonly pid: number;
}

/** Prepares one execution: called when it has its VM, within its deadline. */
export type SetupFn = (scope: SetupScope, vm: SetupVm) => void | Promise<void>;

/** As for `@ScriptMethod`; nothing is needed to call it, unless `permission` is given. */
export type ExposeOptions<Input extends z.ZodType = z.ZodType> = ScriptMethodOptions<Input>;

/** What one execution has beyond what all have. */
export class SetupScope {
  readonly #globals = new Map<string, string>();
  readonly #methods = new Map<string, ApiMethod>();
  #isClosed = false;

  constructor(
    private readonly registry: ApiRegistry,
    /** Of the globals together, in bytes. */
    private readonly maxBytes: number,
  ) {}

  /**
   * Adds a frozen global.
   *
   * @param value JSON, copied
   * @throws JsRuntimeError INVALID_REQUEST for a name that is taken or no identifier, and a value that is not JSON or too large
   */
  define(name: string, value: Json): void {
    this.#assertOpen();
    this.#assertFree(name);
    const isTaken = this.#globals.has(name) || this.registry.namespaces.has(name) || this.#hasNamespace(name);
    if (isTaken) throw taken(name);
    this.#globals.set(name, jsonOf(name, value));
    const bytes = Buffer.byteLength(this.globalsJson);
    if (bytes <= this.maxBytes) return;
    this.#globals.delete(name);
    const limit = { name: 'maxInputBytes', allowed: this.maxBytes, used: bytes };
    throw new JsRuntimeError('INVALID_REQUEST', `define(${name}): the globals are larger than ${this.maxBytes} bytes`, {
      limit,
    });
  }

  /**
   * Adds a function, which may belong to a namespace that all executions have.
   *
   * @param name `namespace.method`
   * @param run as a method with `@ScriptMethod`; without `input` it takes any one argument
   * @throws JsRuntimeError INVALID_REQUEST for a name that is taken, or malformed
   */
  expose<Input extends z.ZodType = z.ZodType>(
    name: string,
    run: (args: z.output<Input>, call: ScriptCall) => unknown,
    options: ExposeOptions<Input> = {},
  ): void {
    this.#assertOpen();
    const [namespace = '', method = '', ...others] = name.split('.');
    if (others.length > 0 || !isMethodName(method)) {
      throw invalid(`expose(${name}): must be namespace.method; the method ${METHOD_NAME_RULE_TEXT}`);
    }
    this.#assertFree(namespace);
    if (this.#globals.has(namespace) || this.#methods.has(name) || this.registry.methods.has(name)) throw taken(name);
    const functionFor = (): ApiFunction => run as ApiFunction;
    const exposed = apiMethodOf(name, options, `expose(${name})`, functionFor);
    this.#methods.set(name, {
      ...exposed,
      input: options.input ? exposed.input : { kind: 'any' },
      permission: options.permission,
    });
  }

  /** JSON of all globals; empty when there are none. */
  get globalsJson(): string {
    if (this.#globals.size === 0) return '';
    return `{${[...this.#globals].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
  }

  get methods(): ReadonlyMap<string, ApiMethod> {
    return this.#methods;
  }

  /** The script is about to run: what is added from now on would be nobody's. */
  close(): void {
    this.#isClosed = true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw invalid('The scope of a setup function is of no use when that has returned');
  }

  #assertFree(name: string): void {
    if (!isFreeGlobalName(name)) throw invalid(`The global ${name} ${GLOBAL_NAME_RULE_TEXT}`);
  }

  #hasNamespace(name: string): boolean {
    return [...this.#methods.keys()].some((method) => method.startsWith(`${name}.`));
  }
}

function jsonOf(name: string, value: Json): string {
  let json: string | undefined;
  try {
    json = (JSON.stringify as (value: unknown) => string | undefined)(value);
  } catch (cause) {
    throw new JsRuntimeError('INVALID_REQUEST', `define(${name}): the value is not JSON`, {}, { cause });
  }
  if (json !== undefined) return json;
  throw invalid(`define(${name}): a ${typeof value} is not JSON`);
}

function taken(name: string): JsRuntimeError {
  return invalid(`${name} is taken`);
}

function invalid(message: string): JsRuntimeError {
  return new JsRuntimeError('INVALID_REQUEST', message);
}
