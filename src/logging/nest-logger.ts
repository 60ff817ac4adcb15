import type { LoggerService } from '@nestjs/common';
import { NativeLogger, PinoLogger, type Params } from 'nestjs-pino';
import { rootLogger } from './root-logger.ts';

/**
 * What Nest's own `Logger` writes to, everywhere: a message, an object that comes with it as the line's fields, a stack, and the
 * name of whoever writes as `context`.
 */
export function nestLogger(): LoggerService {
  const params: Params = { pinoHttp: { logger: rootLogger() }, nativeLogger: { flattenParams: true } };
  return new NativeLogger(new PinoLogger(params), params);
}
