import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { ClsService } from 'nestjs-cls';
import {
  GLOBAL_NAME_RULE_TEXT,
  isFreeGlobalName,
  isMethodName,
  METHOD_NAME_RULE_TEXT,
} from '../protocol/global-names.ts';
import type { ApiHeader } from '../protocol/messages.ts';
import { apiMethodOf } from './api-method-of.ts';
import type { ApiMethod, ApiNamespace } from './api-method.ts';
import { ProviderInstances } from './provider-instances.ts';
import { ScriptApiMetadata } from './script-api.decorator.ts';
import { ScriptMethodMetadata } from './script-method.decorator.ts';

/** More would not fit on the command line of a VM process. */
const MAX_METHODS = 500;

/** All providers that are APIs for scripts, by what their decorators say. */
@Injectable()
export class ApiRegistry {
  /** By name. */
  readonly namespaces: ReadonlyMap<string, ApiNamespace>;
  /** By `namespace.method`. */
  readonly methods: ReadonlyMap<string, ApiMethod>;
  readonly #instances: ProviderInstances;

  /** @throws Error when decorators contradict each other, or break a rule: the application does not start */
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    moduleRef: ModuleRef,
    cls: ClsService,
  ) {
    this.#instances = new ProviderInstances(moduleRef, cls);
    this.namespaces = this.#discover();
    const methods = [...this.namespaces.values()].flatMap((namespace) => namespace.methods);
    if (methods.length > MAX_METHODS) {
      throw new Error(`${methods.length} methods have @ScriptMethod; at most ${MAX_METHODS} can`);
    }
    this.methods = new Map(methods.map((method) => [method.name, method]));
  }

  /** What realms are told. */
  get headers(): readonly ApiHeader[] {
    return [...this.methods.values()].map(({ name, cost, body }) => ({ name, cost, body }));
  }

  #discover(): ReadonlyMap<string, ApiNamespace> {
    const namespaces = new Map<string, ApiNamespace>();
    const found = new Set<unknown>();
    for (const wrapper of this.discovery.getProviders({ metadataKey: ScriptApiMetadata.KEY })) {
      const { namespace, description } = this.discovery.getMetadataByDecorator(ScriptApiMetadata, wrapper) ?? {};
      // A module that is imported twice with other options has the same class twice.
      if (namespace === undefined || found.has(wrapper.metatype)) continue;
      found.add(wrapper.metatype);
      const className = String(wrapper.name);
      if (!isFreeGlobalName(namespace)) {
        throw new Error(`@ScriptApi('${namespace}') of ${className}: the namespace ${GLOBAL_NAME_RULE_TEXT}`);
      }
      if (namespaces.has(namespace)) {
        throw new Error(`@ScriptApi('${namespace}') of ${className}: another provider has this namespace`);
      }
      const methods = this.#methodsOf(namespace, wrapper);
      if (methods.length === 0) {
        throw new Error(`@ScriptApi('${namespace}') of ${className}: no method has @ScriptMethod`);
      }
      namespaces.set(namespace, { name: namespace, description, methods });
    }
    return namespaces;
  }

  #methodsOf(namespace: string, wrapper: InstanceWrapper): readonly ApiMethod[] {
    const prototype = (wrapper.metatype as { prototype: object }).prototype;
    return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
      const options = this.discovery.getMetadataByDecorator(ScriptMethodMetadata, wrapper, key);
      if (!options) return [];
      const where = `@ScriptMethod of ${wrapper.name}.${key}`;
      if (!isMethodName(key)) throw new Error(`${where}: the name ${METHOD_NAME_RULE_TEXT}`);
      return [apiMethodOf(`${namespace}.${key}`, options, where, this.#instances.methodOf(wrapper, key))];
    });
  }
}
