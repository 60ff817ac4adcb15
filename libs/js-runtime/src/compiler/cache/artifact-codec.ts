import { z } from 'zod';
import type { Artifact } from './artifact.ts';

/** Of an encoded artifact. What is larger is not worth the way, or not one of ours. */
export const MAX_ENCODED_BYTES = 8 * 1024 * 1024;

const LENGTH_BYTES = 4;

const size = z.int().min(0).max(MAX_ENCODED_BYTES);
const headerSchema = z.strictObject({
  version: z.literal(1),
  /** Sizes in bytes; null for what the artifact does not have. */
  javascriptBytes: size.nullable(),
  codeCacheBytes: size.nullable(),
  imports: z.array(z.string()),
  compileMs: z.number().min(0),
});

/**
 * Artifact → length of a header, the header as JSON, JavaScript, code cache.
 *
 * @returns undefined when it is too large, or would not come back as it is (lone surrogates)
 */
export function encodeArtifact({ javascript, codeCache, imports, compileMs }: Artifact): Buffer | undefined {
  if (javascript?.isWellFormed() === false || !imports.every((specifier) => specifier.isWellFormed())) return undefined;
  const javascriptBytes = javascript === undefined ? null : Buffer.byteLength(javascript);
  const codeCacheBytes = codeCache?.byteLength ?? null;
  // Before anything is copied.
  if ((javascriptBytes ?? 0) + (codeCacheBytes ?? 0) > MAX_ENCODED_BYTES) return undefined;
  const fields: z.input<typeof headerSchema> = {
    version: 1,
    javascriptBytes,
    codeCacheBytes,
    imports: [...imports],
    compileMs,
  };
  const header = Buffer.from(JSON.stringify(fields));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(header.byteLength);
  const encoded = Buffer.concat([length, header, Buffer.from(javascript ?? ''), codeCache ?? new Uint8Array()]);
  return encoded.byteLength > MAX_ENCODED_BYTES ? undefined : encoded;
}

/** Only for bytes that are known to be our own. @returns undefined when they are no artifact; its code cache is a view of them */
export function decodeArtifact(encoded: Buffer): Artifact | undefined {
  if (encoded.byteLength < LENGTH_BYTES || encoded.byteLength > MAX_ENCODED_BYTES) return undefined;
  const headerEnd = LENGTH_BYTES + encoded.readUInt32BE();
  if (headerEnd > encoded.byteLength) return undefined;
  const header = headerSchema.safeParse(jsonOf(encoded.subarray(LENGTH_BYTES, headerEnd)));
  if (!header.success) return undefined;
  const { javascriptBytes, codeCacheBytes, imports, compileMs } = header.data;
  const javascriptEnd = headerEnd + (javascriptBytes ?? 0);
  if (javascriptEnd + (codeCacheBytes ?? 0) !== encoded.byteLength) return undefined;
  return {
    javascript: javascriptBytes === null ? undefined : encoded.toString('utf8', headerEnd, javascriptEnd),
    codeCache: codeCacheBytes === null ? undefined : encoded.subarray(javascriptEnd),
    imports,
    compileMs,
  };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}
