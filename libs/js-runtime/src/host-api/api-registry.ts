import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import {
  GLOBAL_NAME_RULE_TEXT,
  isFreeGlobalName,
  isMethodName,
  METHOD_NAME_RULE_TEXT,
} from '../protocol/global-names.ts';
import type { ApiHeader } from '../protocol/messages.ts';
import { apiMethodOf } from './api-method-of.ts';
import type { ApiMethod, ApiNamespace } from './api-method.ts';
import { decoratedProviders, type DecoratedProvider } from './decorated-providers.ts';
import { ProviderInstances } from './provider-instances.ts';
import { ScriptApiMetadata, type ScriptApiOptions } from './script-api.decorator.ts';
import { ScriptMethodMetadata, type ScriptMethodOptions } from './script-method.decorator.ts';

/** More would not fit on the command line of a VM process. */
const MAX_METHODS = 500;

/** All providers that are APIs for scripts, by what their decorators say. */
@Injectable()
export class ApiRegistry implements OnModuleInit {
  #namespaces: ReadonlyMap<string, ApiNamespace> | undefined;
  #methods: ReadonlyMap<string, ApiMethod> | undefined;

  /** @throws Error when decorators contradict each other, or break a rule: the application does not start */
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly instances: ProviderInstances,
  ) {
    // Before anything is started. What a factory makes may not be there yet.
    this.#discover();
  }

  onModuleInit(): void {
    this.#namespaces ??= this.#discover();
  }

  /** By name. First asked for when all providers are there. */
  get namespaces(): ReadonlyMap<string, ApiNamespace> {
    return (this.#namespaces ??= this.#discover());
  }

  /** By `namespace.method`. */
  get methods(): ReadonlyMap<string, ApiMethod> {
    return (this.#methods ??= new Map(methodsOf(this.namespaces).map((method) => [method.name, method])));
  }

  /** What realms are told. */
  get headers(): readonly ApiHeader[] {
    return [...this.methods.values()].map(({ name, cost, body }) => ({ name, cost, body }));
  }

  #discover(): ReadonlyMap<string, ApiNamespace> {
    const namespaces = new Map<string, ApiNamespace>();
    for (const provider of decoratedProviders(this.discovery, ScriptApiMetadata)) {
      const { type, options } = provider;
      const { namespace, description } = options;
      const where = `@ScriptApi('${namespace}') of ${type.name}`;
      if (!isFreeGlobalName(namespace)) throw new Error(`${where}: the namespace ${GLOBAL_NAME_RULE_TEXT}`);
      if (namespaces.has(namespace)) throw new Error(`${where}: another provider has this namespace`);
      const methods = this.#methodsOf(namespace, provider);
      if (methods.length === 0) throw new Error(`${where}: no method has @ScriptMethod`);
      namespaces.set(namespace, { name: namespace, description, methods });
    }
    const { length } = methodsOf(namespaces);
    if (length > MAX_METHODS) throw new Error(`${length} methods have @ScriptMethod; at most ${MAX_METHODS} can`);
    return namespaces;
  }

  #methodsOf(namespace: string, { wrapper, type }: DecoratedProvider<ScriptApiOptions>): readonly ApiMethod[] {
    const prototype = type.prototype as Readonly<Record<string, object>>;
    return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
      const options = Reflect.getMetadata(ScriptMethodMetadata.KEY, prototype[key] ?? {}) as
        ScriptMethodOptions | undefined;
      if (!options) return [];
      const where = `@ScriptMethod of ${type.name}.${key}`;
      if (!isMethodName(key)) throw new Error(`${where}: the name ${METHOD_NAME_RULE_TEXT}`);
      return [apiMethodOf(`${namespace}.${key}`, options, where, this.instances.methodOf(wrapper, key))];
    });
  }
}

function methodsOf(namespaces: ReadonlyMap<string, ApiNamespace>): readonly ApiMethod[] {
  return [...namespaces.values()].flatMap(({ methods }) => methods);
}
