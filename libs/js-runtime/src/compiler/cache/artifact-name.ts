const PREFIX = 'js-runtime:artifact:';

/**
 * What an artifact is called, here and in Redis: `js-runtime:artifact:<tenant>:<key>`. No two tenants and keys have the same name:
 * all but letters, digits and `_ . -` is written as `%` and four hexadecimal digits, each UTF-16 unit by itself.
 */
export function artifactName(tenantId: string, key: string): string {
  return `${PREFIX}${encode(tenantId)}:${encode(key)}`;
}

/** A name that no artifact has, but that whoever may use artifacts may read. */
export const NO_ARTIFACT_NAME = PREFIX;

function encode(text: string): string {
  return text.replace(/[^\w.-]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
