import { types } from 'node:util';
import { countAddon } from './count-addon.ts';

/* Classes as isolated-vm has them: nothing of them can be changed, and their methods take nothing but their own objects. */

class Context {
  readonly #id = 7;
  static idOf(context: unknown): number {
    return (context as Context).#id;
  }
  release(): void {
    Context.idOf(this);
  }
}

/** Only its objects are seen. */
class Module {
  instantiate(context: Context): number {
    return Context.idOf(context);
  }
}

class Reference {
  readonly #value: unknown;
  constructor(value: unknown) {
    this.#value = value;
    Object.freeze(this);
  }
  get typeof(): string {
    return typeof this.#value;
  }
  get context(): Context {
    return new Context();
  }
  applySync(_: unknown, args: readonly unknown[], options: { readonly context?: unknown } = {}): number[] {
    return [...args, options.context].filter((arg) => arg !== undefined).map((context) => Context.idOf(context));
  }
  async apply(): Promise<Context> {
    return Promise.resolve(new Context());
  }
  module(): Module {
    return new Module();
  }
  copy(): object[] {
    return [{ a: 1 }, [1], new Uint8Array(1), new RangeError('no'), Object.create(null) as object];
  }
  each(callback: (context: Context) => unknown): number {
    return Context.idOf(callback(new Context()));
  }
}

class Addon {
  readonly lib = 'lib';
}
for (const [name, value] of Object.entries({ Context, Reference })) {
  Object.defineProperty(Addon.prototype, name, { value, enumerable: true });
  Object.freeze(value.prototype);
}

interface FakeAddon {
  readonly lib: string;
  readonly Context: typeof Context;
  readonly Reference: typeof Reference;
}

const { isProxy } = types;

function counted(): { addon: FakeAddon; calls: string[] } {
  const calls: string[] = [];
  const addon = countAddon(Object.freeze(new Addon()) as unknown as FakeAddon, (name) => calls.push(name));
  return { addon, calls };
}

describe('countAddon', () => {
  it('tells of every object that is made and every method that is called', async () => {
    const { addon, calls } = counted();
    const reference = new addon.Reference('text');
    const context = await reference.apply();
    context.release();
    expect(calls).toEqual(['new Reference', 'Reference.apply', 'Context.release']);
  });

  it('hands the objects themselves to the addon, wherever in the arguments they are', () => {
    const { addon, calls } = counted();
    const reference = new addon.Reference(undefined);
    const context = new addon.Context();
    expect(reference.applySync(undefined, [context, context], { context })).toEqual([7, 7, 7]);
    expect(calls).toEqual(['new Reference', 'new Context', 'Reference.applySync']);
  });

  it('and those that a callback gives', () => {
    const { addon, calls } = counted();
    const reference = new addon.Reference(undefined);
    expect(
      reference.each((context) => {
        context.release();
        return context;
      }),
    ).toBe(7);
    expect(calls).toEqual(['new Reference', 'Reference.each', 'Context.release']);
  });

  it('knows objects of classes that the addon does not show', () => {
    const { addon, calls } = counted();
    const module = new addon.Reference(undefined).module();
    expect(module.instantiate(new addon.Context())).toBe(7);
    expect(calls).toEqual(['new Reference', 'Reference.module', 'new Context', 'Module.instantiate']);
  });

  it('leaves alone what is no object of the addon', () => {
    const { addon } = counted();
    const copies = new addon.Reference(undefined).copy();
    for (const copy of copies) expect(isProxy(copy)).toBe(false);
    expect(isProxy(new addon.Context())).toBe(true);
  });

  it('gives properties as they are, and counts no look at them', () => {
    const { addon, calls } = counted();
    const reference = new addon.Reference('text');
    expect([addon.lib, reference.typeof]).toEqual(['lib', 'string']);
    reference.context.release();
    expect(calls).toEqual(['new Reference', 'Context.release']);
  });

  it('passes for the class', () => {
    const { addon } = counted();
    expect(new addon.Context()).toBeInstanceOf(Context);
    expect(new addon.Context()).toBeInstanceOf(addon.Context);
  });
});
