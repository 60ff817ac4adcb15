import { Injectable } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import type { ContextId, InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { CLS_REQ, ClsService } from 'nestjs-cls';

type AnyMethod = (...args: never[]) => unknown;

/** A method, bound to the instance that is an execution's. */
export type MethodFor<Method> = (execution: object) => Method | Promise<Method>;

/** Finds the instance that is called: the provider's only one, or of a request-scoped provider the execution's own. */
@Injectable()
export class ProviderInstances {
  /** By execution. Nest keeps the instances of a context id as long as the id. */
  readonly #contextIds = new WeakMap<object, ContextId>();

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly cls: ClsService,
  ) {}

  methodOf<Method extends AnyMethod>(wrapper: InstanceWrapper, key: string): MethodFor<Method> {
    let bound: Method | undefined;
    return (execution) => {
      if (bound) return bound;
      // Nobody knows before all providers are there.
      if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) return this.#resolve(wrapper, key, execution);
      return (bound = bind(wrapper.instance as object, key) as Method);
    };
  }

  async #resolve<Method extends AnyMethod>(wrapper: InstanceWrapper, key: string, execution: object): Promise<Method> {
    // Of its own module: in another, there may be another provider with this token.
    const { instance } = wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef) ?? {};
    const moduleRef = instance ?? this.moduleRef;
    const own: object = await moduleRef.resolve(wrapper.token as symbol, this.#contextIdOf(execution));
    return bind(own, key) as Method;
  }

  /** What is injected as REQUEST is what nestjs-cls has saved of the caller's: undefined in a job. */
  #contextIdOf(execution: object): ContextId {
    const known = this.#contextIds.get(execution);
    if (known) return known;
    const contextId = ContextIdFactory.create();
    this.moduleRef.registerRequestByContextId(this.cls.get<unknown>(CLS_REQ), contextId);
    this.#contextIds.set(execution, contextId);
    return contextId;
  }
}

/** Looked up at each call: the instance may stand for another one in each request. It throws when there is no such method. */
function bind(instance: object, key: string): AnyMethod {
  return (...args) => {
    const method: unknown = (instance as Record<string, unknown>)[key];
    if (typeof method !== 'function') throw new Error(`${instance.constructor.name} has no method ${key}`);
    return Reflect.apply(method, instance, args) as unknown;
  };
}
