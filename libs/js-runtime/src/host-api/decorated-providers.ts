import type { Type } from '@nestjs/common';
import type { DiscoverableDecorator, DiscoveryService } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';

/** A provider whose class has a decorator. */
export interface DecoratedProvider<Options> {
  readonly wrapper: InstanceWrapper;
  /** The class with the decorator. What is provided need not be of it: a test may have put something in its place. */
  readonly type: Type<object>;
  readonly options: Options;
}

/** All of them, each class once. One whose class only its factory knows is there when that has made it: from `onModuleInit` on, all are. */
export function decoratedProviders<Options>(
  discovery: DiscoveryService,
  { KEY }: DiscoverableDecorator<Options>,
): readonly DecoratedProvider<Options>[] {
  const found = new Map<Type<object>, DecoratedProvider<Options>>();
  for (const wrapper of discovery.getProviders()) {
    for (const type of classesOf(wrapper)) {
      const options = Reflect.getOwnMetadata(KEY, type) as Options | undefined;
      if (options === undefined) continue;
      // A module that is imported twice with other options has the same class twice.
      if (!found.has(type)) found.set(type, { wrapper, type, options });
      break;
    }
  }
  return [...found.values()];
}

/** That which is made, that which is asked for, that which is there. */
function classesOf({ metatype, inject, token, instance }: InstanceWrapper): readonly Type<object>[] {
  // Of a factory, the first is the factory.
  const classes: readonly unknown[] = [inject ? undefined : metatype, token, (instance as object | null)?.constructor];
  return classes.filter((type): type is Type<object> => typeof type === 'function');
}
