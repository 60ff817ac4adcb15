import { dirname, delimiter } from 'node:path';
import { NODE } from './paths.mjs';

/** Settings of the npm script that runs this, of Node and of the library, which are not those of somebody's application. */
const FOREIGN =
  /^(npm_package_|npm_lifecycle_|npm_command$|npm_config_(local_prefix|loglevel)$|NODE_|JS_RUNTIME_|INIT_CWD$)/;
const NEEDED = new Set(['NODE_EXTRA_CA_CERTS']);

/** The environment in which a developer on this machine would work on an application of theirs, with Node 26 first. */
export function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => NEEDED.has(name) || !FOREIGN.test(name));
  const environment = Object.fromEntries(kept);
  return { ...environment, PATH: [dirname(NODE), environment.PATH].join(delimiter) };
}
