import { hash } from 'node:crypto';

/** A strong entity tag of a text. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3 */
export function entityTagOf(text: string): string {
  return `"${hash('sha256', text, 'base64url')}"`;
}

/** Whether `If-None-Match` names this tag. A proxy that compresses may have made it a weak one. */
export function isMatched(ifNoneMatch: string | undefined, entityTag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(entityTag) || tags.includes('*');
}
