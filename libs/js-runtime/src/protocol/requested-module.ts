/** The specifier in V8's words for an import that does not fit what the module exports; V8 does not say where it is. */
export function requestedModule(message: string): string | undefined {
  return /^The requested module '(.*?)' (?:does not|contains)/.exec(message)?.[1];
}
