import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import swcJest from '@swc/jest';
import { instrument } from './instrument.mjs';

const version = readFileSync(new URL('instrument.mjs', import.meta.url)) + readFileSync(import.meta.filename);

/** @swc/jest, with counters added before it compiles. */
export default {
  createTransformer(swcOptions) {
    const swc = swcJest.createTransformer(swcOptions);
    const prepared = (source, file, options) => (options.instrument ? instrument(source, file).code : source);
    return {
      canInstrument: true,
      process: (source, file, options) => swc.process(prepared(source, file, options), file, options),
      processAsync: (source, file, options) => swc.processAsync(prepared(source, file, options), file, options),
      getCacheKey: (source, file, options) =>
        createHash('sha256')
          .update(swc.getCacheKey(source, file, options))
          .update(String(options.instrument))
          .update(version)
          .digest('hex'),
    };
  },
};
