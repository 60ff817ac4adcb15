import { Module } from '@nestjs/common';
import { ConfigModule, type ConfigType } from '@nestjs/config';
import { backendConfig } from '../../config/backend.config.ts';
import { DnsResolver } from './host-resolver.ts';
import { HttpClient } from './http-client.ts';
import { HttpApi } from './http.api.ts';
import { TenantHttpRules } from './tenant-http-rules.ts';

@Module({
  imports: [ConfigModule.forFeature(backendConfig)],
  providers: [
    HttpApi,
    { provide: HttpClient, useFactory: (): HttpClient => new HttpClient(new DnsResolver()) },
    {
      provide: TenantHttpRules,
      inject: [backendConfig.KEY],
      useFactory: ({ httpRules }: ConfigType<typeof backendConfig>): TenantHttpRules => httpRules,
    },
  ],
})
export class HttpApiModule {}
