import { ERROR_CODES, type ErrorCode } from 'nestjs-js-runtime';
import { BACKEND_PROBLEMS } from './problem-error.ts';

export interface DocumentedProblem {
  readonly status: number;
  readonly retryable?: boolean;
}

/** Problems by code, as the OpenAPI document has them for a route. */
export type DocumentedProblems = Readonly<Record<string, DocumentedProblem>>;

/** Of a route that reads no body. */
export const LOOK_UP_PROBLEMS = {
  UNAUTHENTICATED: ERROR_CODES.UNAUTHENTICATED,
  NOT_FOUND: { status: 404 },
} satisfies DocumentedProblems;

/** Of a route that runs scripts. */
export const EXECUTION_PROBLEMS: DocumentedProblems = {
  ...ERROR_CODES,
  STORAGE_UNAVAILABLE: BACKEND_PROBLEMS.STORAGE_UNAVAILABLE,
  REQUEST_TOO_LARGE: { status: 413 },
  UNSUPPORTED_MEDIA_TYPE: { status: 415 },
};

const ONLY_WHEN_IT_RUNS: readonly string[] = [
  'INPUT_TOO_LARGE',
  'SCRIPT_ERROR',
  'RESULT_NOT_SERIALIZABLE',
  'RESULT_TOO_LARGE',
  'API_CALL_LIMIT_EXCEEDED',
] satisfies ErrorCode[];

/** Of a route that compiles a source and does not run it. */
export const COMPILATION_PROBLEMS: DocumentedProblems = Object.fromEntries(
  Object.entries(EXECUTION_PROBLEMS).filter(([code]) => !ONLY_WHEN_IT_RUNS.includes(code)),
);
