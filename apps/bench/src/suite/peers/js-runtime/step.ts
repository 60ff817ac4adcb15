import { z } from 'zod';

/** What a call takes and gives: `Step`. */
export const STEP = z.strictObject({ n: z.int() });
