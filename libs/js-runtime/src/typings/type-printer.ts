import { isAnyJson } from './any-json.ts';
import { docComment } from './doc-comment.ts';
import { propertyName, stringLiteral } from './identifiers.ts';
import { NOTHING_KEYWORD, type JsonSchema, type Side } from './json-schema-of.ts';

type Schema = JsonSchema | boolean;

const DEFINITIONS = '#/$defs/';

/** How types for definitions are called, and where they are put. */
export interface TypeNames {
  nameOf(definition: string): string;
  declare(definition: string, type: string): void;
}

/** Writes the parts of one JSON Schema as TypeScript. What it does not know is `any`: it rather misses a fault than invents one. */
export class TypePrinter {
  readonly #definitions: Readonly<Record<string, Schema>>;
  readonly #declared = new Set<string>();

  /** @param root what the references in its parts refer to */
  constructor(
    root: JsonSchema,
    private readonly side: Side,
    private readonly names: TypeNames,
  ) {
    this.#definitions = root.$defs ?? {};
  }

  print(schema: Schema): string {
    if (schema === true) return 'any';
    if (schema === false) return 'never';
    if (typeof schema[NOTHING_KEYWORD] === 'string') return schema[NOTHING_KEYWORD];
    if (schema.$ref !== undefined) return this.#reference(schema.$ref);
    if (schema.const !== undefined) return literal(schema.const);
    if (schema.enum) return union(schema.enum.map(literal));
    const oneOf = schema.anyOf ?? schema.oneOf;
    if (oneOf) return union(oneOf.map((part) => this.print(part)));
    if (schema.allOf) return schema.allOf.map((part) => bracketed(this.print(part))).join(' & ');
    if (schema.not) return Object.keys(schema.not).length === 0 ? 'never' : 'any';
    // zod writes several types as a list, which its own type does not know.
    const types: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type];
    return union(types.map((type) => this.#ofType(type, schema)));
  }

  /** What a reference refers to, for those that look for a part of it. */
  resolve(schema: Schema): Schema {
    const definition = typeof schema === 'object' ? definitionOf(schema.$ref) : undefined;
    return definition === undefined ? schema : (this.#definitions[definition] ?? true);
  }

  #ofType(type: unknown, schema: JsonSchema): string {
    switch (type) {
      case 'string':
      case 'number':
      case 'boolean':
      case 'null':
        return type;
      case 'integer':
        return 'number';
      case 'array':
        return this.#array(schema);
      case 'object':
        return this.#object(schema);
      default:
        return 'any';
    }
  }

  #array({ prefixItems, items, minItems = 0 }: JsonSchema): string {
    // A list that is written out can be passed as well as one that is frozen.
    const readonly = this.side === 'input' ? 'readonly ' : '';
    const rest = typeof items === 'object' && !Array.isArray(items) ? `${bracketed(this.print(items))}[]` : undefined;
    if (!prefixItems) return `${readonly}${rest ?? 'any[]'}`;
    const parts = prefixItems.map((item, index) => {
      const type = this.print(item);
      return index < minItems ? type : `${bracketed(type)}?`;
    });
    return `${readonly}[${[...parts, ...(rest === undefined ? [] : [`...${rest}`])].join(', ')}]`;
  }

  #object(schema: JsonSchema): string {
    const { properties = {}, required = [], additionalProperties, propertyNames, patternProperties } = schema;
    const names = Object.keys(properties);
    const keys = typeof propertyNames === 'object' ? propertyNames.enum : undefined;
    if (names.length === 0 && keys && additionalProperties !== undefined) {
      const mark = required.length > 0 ? '' : '?';
      return `{ [Key in ${union(keys.map(literal))}]${mark}: ${this.print(additionalProperties)} }`;
    }
    const members = names.map((name) => {
      const property = properties[name] ?? true;
      const isOptional = !required.includes(name);
      return { name, property, isOptional, type: this.print(property) };
    });
    const lines = members.map(({ name, property, isOptional, type }) => {
      const comment = typeof property === 'object' ? docComment(property.description) : '';
      return `${comment}${propertyName(name)}${isOptional ? '?' : ''}: ${type};`;
    });
    const others = patternProperties ? true : additionalProperties;
    if (others !== undefined && others !== false) {
      // TypeScript wants the type of all members to be one of these.
      const own = members.flatMap(({ type, isOptional }) => (isOptional ? [type, 'undefined'] : [type]));
      lines.push(`[key: string]: ${union([this.print(others), ...own])};`);
    }
    return lines.length === 0 ? '{}' : `{\n${indented(lines.join('\n'))}\n}`;
  }

  #reference(reference: string): string {
    const definition = definitionOf(reference);
    const schema = definition === undefined ? undefined : this.#definitions[definition];
    if (definition === undefined || schema === undefined) return 'any';
    // JSON of which the API knows nothing: to read, it is as what JSON.parse() gives.
    if (isAnyJson(schema, reference)) return this.side === 'input' ? 'JsRuntime.Json' : 'any';
    if (!this.#declared.has(definition)) {
      // First, as it may need itself.
      this.#declared.add(definition);
      this.names.declare(definition, this.print(schema));
    }
    return this.names.nameOf(definition);
  }
}

export function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

function definitionOf(reference: string | undefined): string | undefined {
  return reference?.startsWith(DEFINITIONS) ? reference.slice(DEFINITIONS.length) : undefined;
}

function union(types: readonly string[]): string {
  const different = [...new Set(types)];
  if (different.includes('any')) return 'any';
  return different.length === 0 ? 'never' : different.join(' | ');
}

/** For where an operator stands beside it. */
export function bracketed(type: string): string {
  return /^[\w$.]+$/.test(type) ? type : `(${type})`;
}

function literal(value: unknown): string {
  if (typeof value === 'string') return stringLiteral(value);
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'any';
}
