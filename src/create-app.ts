import { randomUUID } from 'node:crypto';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.ts';
import { setupDocs } from './docs/setup-docs.ts';

/** Room for a script and an input of the largest size that can be configured by default, escaped as JSON strings. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

/** The backend, ready to listen. */
export async function createApp(options: NestApplicationOptions = {}): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ bodyLimit: BODY_LIMIT_BYTES, genReqId: () => randomUUID() });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, options);
  app.enableShutdownHooks();
  setupDocs(app);
  return app;
}
