import { ScriptApi, ScriptMethod, type ScriptCall } from 'nestjs-js-runtime';
import { z } from 'zod';
import { asScriptApi } from '../as-script-api.ts';
import { fittingPage } from './fitting-page.ts';
import {
  deleteArguments,
  getArguments,
  keyPage,
  listArguments,
  setArguments,
  type DeleteArguments,
  type GetArguments,
  type ListArguments,
  type SetArguments,
} from './kv-arguments.ts';
import { MAX_LISTED_KEYS, MAX_VALUE_BYTES } from './kv-quota.ts';
import { KvStore, type KvPage } from './kv-store.ts';

/** A little more than the storage may take, so that it is the storage that says so. */
const TIMEOUT_MS = 3000;
/** Of arguments without a value to keep: beyond it they are not even looked at, as that takes the backend's time. */
const MAX_PLAIN_VALUES = 16;

/** What scripts know as `kv`. Whose values they see is the backend's word: no argument has anything to do with it. */
@ScriptApi('kv', { description: "Key-value storage of the script's own tenant" })
export class KvApi {
  constructor(private readonly store: KvStore) {}

  @ScriptMethod({
    description: 'Gives the value of a key; undefined when there is none',
    input: getArguments,
    maxArgumentValues: MAX_PLAIN_VALUES,
    output: z.unknown(),
    timeoutMs: TIMEOUT_MS,
  })
  async get([key]: GetArguments, { tenant }: ScriptCall): Promise<unknown> {
    return asScriptApi(this.store.get(tenant.id, key));
  }

  @ScriptMethod({
    description: 'Sets the value of a key, for as long as `ttlMs` says, or for good',
    input: setArguments,
    // The schema does not look into the value.
    maxArgumentValues: MAX_VALUE_BYTES,
    timeoutMs: TIMEOUT_MS,
  })
  async set([key, value, options]: SetArguments, { tenant, signal }: ScriptCall): Promise<void> {
    await asScriptApi(this.store.set(tenant.id, key, value, options?.ttlMs, signal));
  }

  @ScriptMethod({
    description: 'Deletes a key; gives whether it was there',
    input: deleteArguments,
    maxArgumentValues: MAX_PLAIN_VALUES,
    output: z.boolean(),
    timeoutMs: TIMEOUT_MS,
  })
  async delete([key]: DeleteArguments, { tenant, signal }: ScriptCall): Promise<boolean> {
    return asScriptApi(this.store.delete(tenant.id, key, signal));
  }

  @ScriptMethod({
    description: 'Lists keys in order, a page at a time',
    input: listArguments,
    maxArgumentValues: MAX_PLAIN_VALUES,
    output: keyPage,
    timeoutMs: TIMEOUT_MS,
  })
  async list([query = {}]: ListArguments, { tenant, maxResultBytes }: ScriptCall): Promise<KvPage> {
    const { prefix = '', limit = MAX_LISTED_KEYS, cursor } = typeof query === 'string' ? { prefix: query } : query;
    return fittingPage(await asScriptApi(this.store.list(tenant.id, { prefix, limit, cursor })), maxResultBytes);
  }
}
