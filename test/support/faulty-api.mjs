import 'reflect-metadata';
import { ScriptApi, ScriptMethod } from 'nestjs-js-runtime';
import { z } from 'zod';

/*
 * Preloaded into the built backend (NODE_OPTIONS): one more API for scripts, whose methods fail as none of the backend's own does.
 */

class FaultyApi {
  #arrivals = 0;
  #bothThere = Promise.withResolvers();

  async fail([message]) {
    await Promise.resolve();
    throw new Error(message);
  }

  /** Fails when two have called. */
  async failTogether([message]) {
    if (++this.#arrivals === 2) this.#bothThere.resolve();
    await this.#bothThere.promise;
    throw new Error(message);
  }
}

for (const name of ['fail', 'failTogether']) {
  const descriptor = Object.getOwnPropertyDescriptor(FaultyApi.prototype, name);
  ScriptMethod({ input: z.tuple([z.string()]) })(FaultyApi.prototype, name, descriptor);
}
ScriptApi('faulty')(FaultyApi);

// Not a literal: there is nothing to check before it is built.
const { AppModule } = await import(new URL('../../dist/app.module.js', import.meta.url).href);
Reflect.defineMetadata('providers', [...Reflect.getMetadata('providers', AppModule), FaultyApi], AppModule);
