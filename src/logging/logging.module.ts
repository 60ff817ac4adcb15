import { Module } from '@nestjs/common';
import { ConfigurationLog } from './configuration-log.ts';
import { RequestLog } from './request-log.ts';

@Module({ providers: [RequestLog, ConfigurationLog] })
export class LoggingModule {}
