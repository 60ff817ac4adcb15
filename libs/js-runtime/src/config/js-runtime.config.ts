import { registerAs } from '@nestjs/config';
import { optionsFromEnvironment } from './environment.ts';

/** The `jsRuntime` namespace of @nestjs/config: the options set by `JS_RUNTIME_*`, checked when the module compiles them. */
export const jsRuntimeConfig = registerAs('jsRuntime', () => optionsFromEnvironment(process.env));
