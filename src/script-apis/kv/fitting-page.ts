import { pageOf, type KvPage } from './kv-store.ts';

/** Of a page as JSON, without its keys and its cursor. */
const FRAME_BYTES = Buffer.byteLength('{"keys":[],"cursor":}');

/** As much from the start of a page as fits in so many bytes of JSON; one key at least, so that the next page is another one. */
export function fittingPage(page: KvPage, maxBytes: number): KvPage {
  let bytes = FRAME_BYTES;
  for (const [index, key] of page.keys.entries()) {
    const keyBytes = Buffer.byteLength(JSON.stringify(key));
    bytes += keyBytes + 1;
    // The last key is also the cursor.
    if (index > 0 && bytes + keyBytes > maxBytes) return pageOf(page.keys.slice(0, index));
  }
  return page;
}
