import { DiscoveryService } from '@nestjs/core';

export interface ScriptApiOptions {
  /** Global name under which scripts see the methods. */
  readonly namespace: string;
  /** For the authors of scripts, one line. */
  readonly description?: string | undefined;
}

export const ScriptApiMetadata = DiscoveryService.createDecorator<ScriptApiOptions>();

/**
 * Makes a provider an API for scripts: its methods that have `@ScriptMethod` are seen by scripts as async functions of a frozen
 * namespace. The application does not start when the namespace is no identifier or is taken.
 */
export function ScriptApi(namespace: string, options: Omit<ScriptApiOptions, 'namespace'> = {}): ClassDecorator {
  return ScriptApiMetadata({ ...options, namespace });
}
