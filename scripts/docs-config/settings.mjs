import { z } from 'zod';

/**
 * What there is to say of each member of a schema: `name`, `value` (what it may be), `byDefault`, `effect`.
 *
 * @throws Error for one that has no description
 */
export function settingsOf(schema, isSecret) {
  const { properties } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(schema.shape).map(([name, member]) => {
    const property = properties[name];
    if (!property.description) throw new Error(`${name} has no description: say its effect with .describe()`);
    return {
      name,
      value: describeValue(property),
      byDefault: isSecret(name) ? 'none' : describeDefault(member.safeParse(undefined).data),
      effect: `${isSecret(name) ? '**Secret.** ' : ''}${capitalized(property.description)}`,
    };
  });
}

function describeValue({ type, enum: values, minimum, maximum, anyOf = [] }) {
  if (values) return values.map((value) => `\`${value}\``).join(', ');
  if ([type, ...anyOf.map((one) => one.type)].flat().includes('boolean')) return '`true`, `false`';
  if (anyOf.some((one) => one.type === 'object')) return 'JSON';
  if (type === 'array') return 'list, with commas';
  if (type === 'integer' || type === 'number') return range(minimum, maximum);
  return 'text';
}

function range(minimum, maximum) {
  const hasMaximum = maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER;
  return hasMaximum ? `${minimum} to ${maximum}` : `${minimum} or more`;
}

function describeDefault(value) {
  const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
  if (isEmpty) return 'none';
  return `\`${typeof value === 'object' ? JSON.stringify(value) : value}\``;
}

function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
