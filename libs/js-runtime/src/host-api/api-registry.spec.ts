import { Injectable, Module, type Provider, type Type } from '@nestjs/common';
import { z } from 'zod';
import { EchoApi } from '../../test-support/sample-apis.ts';
import { startRuntime } from '../../test-support/start-runtime.ts';
import { ApiRegistry } from './api-registry.ts';
import { ScriptApi } from './script-api.decorator.ts';
import { ScriptMethod } from './script-method.decorator.ts';

function apiCalled(namespace: string, options = {}): Type {
  @ScriptApi(namespace)
  @Injectable()
  class SomeApi {
    @ScriptMethod(options)
    get(): void {
      return;
    }
  }
  return SomeApi;
}

function methodCalled(name: string): Type {
  class SomeApi {
    other = 0;
  }
  Object.defineProperty(SomeApi.prototype, name, { value: () => undefined, configurable: true, writable: true });
  const descriptor = Object.getOwnPropertyDescriptor(SomeApi.prototype, name) ?? {};
  ScriptMethod()(SomeApi.prototype, name, descriptor as TypedPropertyDescriptor<() => undefined>);
  ScriptApi('some')(SomeApi);
  return SomeApi;
}

@ScriptApi('name')
@Injectable()
class NameApi {
  constructor(private readonly name = 'injected') {}

  @ScriptMethod()
  get(): string {
    return this.name;
  }
}

class OtherNameApi {
  get(): string {
    return 'other';
  }
}

const NAME_API = Symbol('NAME_API');

@ScriptApi('empty')
class EmptyApi {}

describe('ApiRegistry', () => {
  it.each<[problem: string, providers: Type[], message: RegExp]>([
    [
      'a namespace that every script has',
      [apiCalled('JSON')],
      /@ScriptApi\('JSON'\) of SomeApi: the namespace must be an identifier/,
    ],
    ['a namespace that is no identifier', [apiCalled('a-b')], /@ScriptApi\('a-b'\)/],
    ['a namespace that is taken', [apiCalled('one'), apiCalled('one')], /another provider has this namespace/],
    ['no methods', [EmptyApi], /@ScriptApi\('empty'\) of EmptyApi: no method has @ScriptMethod/],
    ['a method that would make it a promise', [methodCalled('then')], /SomeApi\.then: the name must be an identifier/],
    [
      'a cost that is none',
      [apiCalled('some', { cost: 0 })],
      /SomeApi\.get: cost is 0; allowed is a whole number from 1 to 1000/,
    ],
    ['arguments without values', [apiCalled('some', { maxArgumentValues: 0 })], /maxArgumentValues is 0/],
    ['a timeout that is none', [apiCalled('some', { timeoutMs: 1.5 })], /timeoutMs is 1\.5/],
  ])('does not let the application start with %s', async (_, providers, message) => {
    await expect(startRuntime({}, {}, providers)).rejects.toThrow(message);
  });

  it('finds a provider once, in whichever modules it is', async () => {
    @Module({ providers: [EchoApi], exports: [EchoApi] })
    class FeatureModule {}
    const runtime = await startRuntime({ permissions: ['*'] }, {}, [EchoApi], [FeatureModule]);
    const { namespaces } = runtime.get(ApiRegistry);
    await runtime.close();
    expect([...namespaces.keys()]).toEqual(['echo']);
    expect(namespaces.get('echo')?.methods.map(({ name }) => name)).toEqual([
      'echo.say',
      'echo.dear',
      'echo.few',
      'echo.secret',
    ]);
  });

  it.each<[how: string, provider: Provider, value: unknown]>([
    ['a factory', { provide: NameApi, useFactory: () => new NameApi('made') }, 'made'],
    ['a factory, under another token', { provide: NAME_API, useFactory: () => new NameApi('made') }, 'made'],
    ['a value', { provide: NameApi, useValue: new NameApi('given') }, 'given'],
    ['a value, under another token', { provide: NAME_API, useValue: new NameApi('given') }, 'given'],
    ['another class, as a test has', { provide: NameApi, useClass: OtherNameApi }, 'other'],
    ['anything that has the methods, as a test has', { provide: NameApi, useValue: { get: () => 'fake' } }, 'fake'],
    ['nothing that has the methods', { provide: NameApi, useValue: {} }, 'API_CALL_FAILED'],
  ])('finds a provider that is %s', async (_, provider, value) => {
    const runtime = await startRuntime({ permissions: ['*'] }, {}, [provider]);
    const result = await runtime.valueOf('return await name.get().catch(({ code }) => code)', { wrap: 'function' });
    await runtime.close();
    expect(result).toBe(value);
  });

  it('calls what the instance has at each call: it may stand for another one in each request, as proxies of nestjs-cls do', async () => {
    const stand = { get: () => 'first' };
    const runtime = await startRuntime({ permissions: ['*'] }, {}, [{ provide: NameApi, useValue: stand }]);
    const first = await runtime.valueOf('return await name.get()', { wrap: 'function' });
    stand.get = () => 'second';
    const second = await runtime.valueOf('return await name.get()', { wrap: 'function' });
    await runtime.close();
    expect([first, second]).toEqual(['first', 'second']);
  });

  it('knows of each method what its decorator says', async () => {
    const input = z.tuple([z.string()]);
    const output = z.string();
    const Api = apiCalled('some', { description: 'Says', input, output, timeoutMs: 5, cost: 2, body: true });
    const runtime = await startRuntime({}, {}, [Api]);
    const method = runtime.get(ApiRegistry).methods.get('some.get');
    await runtime.close();
    expect(method).toMatchObject({
      name: 'some.get',
      permission: 'some:get',
      description: 'Says',
      input: { kind: 'tuple', schema: input },
      output,
      timeoutMs: 5,
      cost: 2,
      body: true,
    });
  });
});
