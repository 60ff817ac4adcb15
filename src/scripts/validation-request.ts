import { z } from 'zod';
import { scriptFields } from '../requests/script-fields.ts';

/** The body of `POST /v1/scripts/validate`. */
export const validationRequest = z.strictObject(scriptFields);

export type ValidationRequest = z.infer<typeof validationRequest>;
