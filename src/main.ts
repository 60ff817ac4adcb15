import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { backendConfig } from './config/backend.config.ts';
import { createApp } from './create-app.ts';
import { explainListenError } from './explain-listen-error.ts';

const app = await createApp();
const config = app.get<ConfigType<typeof backendConfig>>(backendConfig.KEY);
try {
  await app.listen(config.port, config.host);
} catch (error) {
  const explanation = explainListenError(error, config.host, config.port);
  if (explanation === undefined) throw error;
  // By now there are VMs.
  await app.close();
  process.stderr.write(`${explanation}\n`);
  process.exit(1);
}

const url = await app.getUrl();
new Logger('Backend').log(`Listening on ${url}, documentation at ${url}/docs`);
if (!config.isProduction) {
  const [key] = config.tenantKeys.keys();
  process.stdout.write(`
Try it:

curl -s ${url}/v1/executions -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\
  -d '{"script":"const o = {n: 20}; o.n * 2 + 2"}'

`);
}
