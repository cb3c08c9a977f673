// TypeScript types from the schemas: readonly throughout, bigint where the format is int64 or uint64.
import {is64Bit, namedSchemas, resolve, type Located, type Schema, type Schemas} from './read.ts';

export function typesModule(schemas: Schemas): string {
  const types = namedSchemas(schemas).filter(isWorthAName);
  return types.map((located) => declaration(schemas, located)).join('\n');
}

/** Structures and enumerations get a type of their own; "an absolute path" is just a string. */
function isWorthAName({schema}: Located): boolean {
  return schema.properties !== undefined || schema.enum !== undefined;
}

function declaration(schemas: Schemas, {schema, file, name}: Located): string {
  const doc = comment(schema, '');
  if (schema.enum !== undefined) return `${doc}export type ${name} =${union(schema.enum)};\n`;
  const fields = Object.entries(schema.properties ?? {}).map(([key, property]) => {
    const optional = [...(schema.required ?? []), ...(schema.requiredAtCreate ?? [])].includes(key) ? '' : '?';
    return `${comment(property, '  ')}  readonly ${key}${optional}: ${typeOf(schemas, property, file)};\n`;
  });
  return `${doc}export interface ${name} {\n${fields.join('')}}\n`;
}

function typeOf(schemas: Schemas, schema: Schema, file: string): string {
  const target = resolve(schemas, schema, file);
  if (target.name !== undefined && isWorthAName(target)) return target.name;
  const {type, items, additionalProperties} = target.schema;
  switch (type) {
    case 'integer':
      return is64Bit(target.schema) ? 'bigint' : 'number';
    case 'array':
      return `readonly ${typeOf(schemas, items ?? {}, target.file)}[]`;
    case 'object':
      return `Readonly<Record<string, ${additionalProperties ? typeOf(schemas, additionalProperties, target.file) : 'unknown'}>>`;
    case 'string':
    case 'boolean':
      return type;
    default:
      throw new Error(`spec-schemas/${file}: a schema without a type: ${JSON.stringify(schema)}`);
  }
}

const union = (names: readonly string[]): string => names.map((name) => `\n  | '${name}'`).join('');

function comment(schema: Schema, indent: string): string {
  const {description, deprecated} = schema;
  const text = [description, deprecated ? '@deprecated' : undefined].filter((part) => part !== undefined).join(' ');
  return text === '' ? '' : `${indent}/** ${text} */\n`;
}
