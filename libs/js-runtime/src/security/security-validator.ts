import { Inject, Injectable } from '@nestjs/common';
import { parse as parseSafely } from 'secure-json-parse';
import type { ResourceLimits } from '../config/limits.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { ApiInput, ApiMethod } from '../host-api/api-method.ts';
import { ProtocolError } from '../protocol/frame.ts';
import { isBeyond, MAX_JSON_DEPTH } from '../protocol/json-depth.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import type { ApiCalls } from './api-calls.ts';
import { PERMISSION_POLICY, type PermissionPolicy } from './permission-policy.ts';

/** A call as the VM words it. Nothing of it is to be believed. */
export interface RequestedCall {
  readonly api: string;
  readonly argumentsJson: string;
}

/** Whose call it is, as the backend knows it. */
export interface Caller {
  readonly context: TenantContext;
  readonly limits: ResourceLimits;
  readonly apiCalls: ApiCalls;
  /** Undefined when there is no such method. */
  readonly methodOf: (api: string) => ApiMethod | undefined;
}

export interface CheckedCall {
  readonly input: unknown;
}

export interface AdmittedCall {
  readonly method: ApiMethod;
  /** To be called when its answer is on its way. */
  readonly end: () => void;
}

/** So many of the rules that arguments break are told. */
const MAX_ISSUES = 10;
/** Keys of the arguments are in the text of an issue, however long they are. */
const MAX_ISSUE_CHARS = 256;

/** Checks every call of a host API, whatever the realm has checked already. */
@Injectable()
export class SecurityValidator {
  constructor(@Inject(PERMISSION_POLICY) private readonly policy: PermissionPolicy) {}

  /**
   * Counts a call of a method that there is.
   *
   * @throws ProtocolError for a call beyond the limits, or of nothing: the realm makes none such, so its VM is in other hands
   */
  admit({ api }: RequestedCall, { apiCalls, methodOf }: Caller): AdmittedCall {
    const method = methodOf(api);
    if (!method) throw new ProtocolError('a call of an API that does not exist');
    try {
      return { method, end: apiCalls.begin(method.cost) };
    } catch (cause) {
      throw new ProtocolError('a call beyond the limits', { cause });
    }
  }

  /**
   * The arguments of a call, as the method takes them.
   *
   * @returns at once, unless the policy takes time
   * @throws JsRuntimeError PERMISSION_DENIED, API_CALL_INVALID
   */
  check(admitted: AdmittedCall, call: RequestedCall, caller: Caller): CheckedCall | Promise<CheckedCall> {
    const { name: api, permission } = admitted.method;
    if (permission === undefined) return this.#checkInput(admitted, call, caller);
    const permitted = this.policy.isPermitted({ permission, api, context: caller.context });
    const goOn = (isPermitted: boolean): CheckedCall => {
      if (isPermitted) return this.#checkInput(admitted, call, caller);
      throw new JsRuntimeError('PERMISSION_DENIED', `${api} needs the permission ${permission}`);
    };
    return typeof permitted === 'boolean' ? goOn(permitted) : Promise.resolve(permitted).then(goOn);
  }

  #checkInput({ method }: AdmittedCall, { argumentsJson }: RequestedCall, { limits }: Caller): CheckedCall {
    const values = parseArguments(method, argumentsJson, limits.maxApiArgumentBytes);
    return { input: checkedInput(method, values) };
  }
}

function parseArguments(
  { name: api, maxArgumentValues }: ApiMethod,
  json: string,
  maxBytes: number,
): readonly unknown[] {
  const bytes = Buffer.byteLength(json);
  if (bytes > maxBytes) {
    const limit = { name: 'maxApiArgumentBytes', allowed: maxBytes, used: bytes };
    const message = `${api}: the arguments have ${bytes} bytes as JSON; allowed are ${maxBytes}`;
    throw new JsRuntimeError('API_CALL_INVALID', message, { limit });
  }
  // A schema looks at every value, and zod keeps an issue for each one that is wrong.
  if (isBeyond(json, maxArgumentValues)) {
    const rule = `more than ${maxArgumentValues} values, or are nested more than ${MAX_JSON_DEPTH} deep`;
    throw invalid(api, [`the arguments have ${rule}`]);
  }
  let values: unknown;
  try {
    // Whoever copies the members of such an object would change its prototype.
    values = parseSafely(json, { protoAction: 'error', constructorAction: 'ignore' });
  } catch {
    throw invalid(api, ['the arguments are not JSON, or have a key __proto__']);
  }
  if (Array.isArray(values)) return values;
  throw invalid(api, ['the arguments are not a list']);
}

function checkedInput({ name, input }: ApiMethod, values: readonly unknown[]): unknown {
  if (input.kind !== 'tuple' && values.length > (input.kind === 'none' ? 0 : 1)) {
    throw invalid(name, [`takes ${input.kind === 'none' ? 'no arguments' : 'one argument'}, not ${values.length}`]);
  }
  switch (input.kind) {
    case 'none':
      return undefined;
    case 'any':
      return values[0];
    case 'single':
    case 'tuple': {
      const parsed = input.schema.safeParse(input.kind === 'tuple' ? values : values[0]);
      if (parsed.success) return parsed.data;
      const issues = parsed.error.issues.slice(0, MAX_ISSUES);
      throw invalid(
        name,
        issues.map(({ path, message }) => wordIssue(input, path, message)),
      );
    }
  }
}

function wordIssue({ kind }: ApiInput, path: readonly PropertyKey[], message: string): string {
  if (path.length === 0) return cut(message);
  const [first, ...others] = path.map(String);
  const where = kind === 'tuple' ? [`argument ${Number(first) + 1}`, ...others] : [first, ...others];
  return cut(`${cut(where.join('.'))}: ${message}`);
}

function cut(text: string): string {
  return text.length > MAX_ISSUE_CHARS ? `${text.slice(0, MAX_ISSUE_CHARS)}…` : text;
}

function invalid(api: string, issues: readonly string[]): JsRuntimeError {
  return new JsRuntimeError('API_CALL_INVALID', `${api}: ${issues.join('; ')}`, { issues });
}
