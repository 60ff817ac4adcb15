import { Keyv } from 'keyv';
import { MemoryQuotaStorage } from './memory-quota-storage.ts';
import { Storage } from './storage.ts';

/** Values of this process, gone with it. They are kept as they are, so nobody may change one. */
export function memoryStorage(): Storage {
  const keyv = new Keyv();
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return new Storage(keyv, new MemoryQuotaStorage(keyv));
}
