import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { backendConfig } from '../config/backend.config.ts';

/** Knows which tenant an API key belongs to. */
@Injectable()
export class TenantDirectory {
  /** By digest, so that the time of a look-up tells nothing about the keys. */
  readonly #tenantIds: ReadonlyMap<string, string>;

  constructor(@Inject(backendConfig.KEY) { tenantKeys }: ConfigType<typeof backendConfig>) {
    this.#tenantIds = new Map([...tenantKeys].map(([key, tenantId]) => [digest(key), tenantId]));
  }

  findByKey(key: string): string | undefined {
    return this.#tenantIds.get(digest(key));
  }
}

function digest(key: string): string {
  return hash('sha256', key, 'hex');
}
