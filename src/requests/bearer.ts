import type { FastifyRequest } from 'fastify';

/** What a request carries as `Authorization: Bearer <…>`. */
export function bearerOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}
