import { environmentVariableOf } from '../../libs/js-runtime/src/config/environment.ts';
import { LIMIT_NAMES } from '../../libs/js-runtime/src/config/limits.ts';
import { optionsSchema, SECRET_OPTIONS } from '../../libs/js-runtime/src/config/options.schema.ts';
import { tenantPolicyShape } from '../../libs/js-runtime/src/config/tenant-policy.ts';
import { backendEnvironment } from '../../src/config/backend.config.ts';
import { isSecretVariable } from '../../src/config/show-variables.ts';
import { scriptFields } from '../../src/requests/script-fields.ts';
import { settingsOf } from './settings.mjs';
import { table } from './table.mjs';

const FOR_ONE_TENANT = new Set([...Object.keys(tenantPolicyShape), ...LIMIT_NAMES]);
const FOR_ONE_REQUEST = new Set(LIMIT_NAMES);
const OVER_HTTP = new Set(Object.keys(scriptFields.limits.unwrap().shape));

/** The text of docs/configuration.md, not formatted yet. */
export function configurationReference() {
  const variables = settingsOf(backendEnvironment, isSecretVariable);
  const options = settingsOf(optionsSchema, (name) => SECRET_OPTIONS.has(name));
  return `# Configuration

<!-- Written by \`npm run docs:config\` from the schemas that settings are checked with. Do not edit it. -->

Settings come from the environment, and from a file \`.env\` in the working directory for what is not set there. A value that breaks its rule stops the start, and
the log says which and why. At the start a line of the log (\`Configuration\`) has what is in effect: what was \`set\`, and what is as it is by default.
What is marked as secret is shown nowhere.

## The backend

${table(
  ['variable', 'value', 'default', 'effect'],
  variables.map(({ name, value, byDefault, effect }) => [`\`${name}\``, value, byDefault, effect]),
)}

## The runtime

In your own application these are the options of \`JsRuntimeModule.forRoot\`, which come before the environment. An empty variable counts as not set. The unit is in the
name: \`Ms\` are milliseconds, \`Bytes\` bytes, \`Mb\` and \`Kb\` 1024 times as many each.

\`for one\` says who else may have another value: a **tenant** by \`tenants\`, or by a \`tenantOptions\` provider; a **request** by the \`limits\` of \`execute\`, tighter only, and with **HTTP**
by those of the backend's requests too.

${table(
  ['variable', 'option', 'value', 'default', 'for one', 'effect'],
  options.map(({ name, value, byDefault, effect }) => [
    `\`${environmentVariableOf(name)}\``,
    `\`${name}\``,
    value,
    byDefault,
    narrowerFor(name),
    effect,
  ]),
)}
`;
}

function narrowerFor(name) {
  const who = [
    FOR_ONE_TENANT.has(name) && 'tenant',
    FOR_ONE_REQUEST.has(name) && 'request',
    OVER_HTTP.has(name) && 'HTTP',
  ];
  return who.filter(Boolean).join(', ');
}
