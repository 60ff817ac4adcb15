import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import type { ContextId, InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { CLS_REQ, type ClsService } from 'nestjs-cls';
import type { ApiFunction, ApiMethod } from './api-method.ts';

type Methods = Readonly<Record<string, ApiFunction>>;

/** Finds the instance that a call goes to: the provider's one, or of a request-scoped provider the execution's. */
export class ProviderInstances {
  /** By execution. Nest keeps the instances of a context id as long as the id. */
  readonly #contextIds = new WeakMap<object, ContextId>();

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly cls: ClsService,
  ) {}

  functionsOf(wrapper: InstanceWrapper, key: string): ApiMethod['functionFor'] {
    if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) {
      let bound: ApiFunction | undefined;
      return () => (bound ??= bind(wrapper.instance as Methods, key));
    }
    // Of its own module: in another, there may be another provider with this token.
    const moduleRef = wrapper.host?.getProviderByKey(ModuleRef as never).instance as ModuleRef;
    return async (execution) => {
      const instance = await moduleRef.resolve<Methods>(wrapper.token as string, this.#contextIdOf(execution));
      return bind(instance, key);
    };
  }

  /** What is injected as REQUEST is what nestjs-cls has saved of the caller's: undefined in a job. */
  #contextIdOf(execution: object): ContextId {
    const known = this.#contextIds.get(execution);
    if (known) return known;
    const contextId = ContextIdFactory.create();
    this.moduleRef.registerRequestByContextId(this.cls.get(CLS_REQ), contextId);
    this.#contextIds.set(execution, contextId);
    return contextId;
  }
}

function bind(instance: Methods, key: string): ApiFunction {
  return (input, call) => instance[key]?.(input, call);
}
