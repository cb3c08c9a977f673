// The JSON Schemas of spec-schemas/ as data, and how their $refs lead from one to the other.
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

/** The part of JSON Schema that spec-schemas/ uses. */
export interface Schema {
  $id?: string;
  $ref?: string;
  $defs?: Record<string, Schema>;
  title?: string;
  description?: string;
  deprecated?: boolean;
  type?: 'string' | 'boolean' | 'integer' | 'array' | 'object';
  format?: string;
  enum?: string[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  items?: Schema;
  required?: string[];
  /** Valid without, but not for the loader, so that all later code has it. */
  requiredAtCreate?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
}

/** A schema with the file it stands in, which its relative $refs start from; `name` is its title or key in $defs. */
export interface Located {
  readonly schema: Schema;
  readonly file: string;
  readonly name: string | undefined;
}

export type Schemas = ReadonlyMap<string, Schema>;

export function readSchemas(directory: string): Schemas {
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  return new Map(files.sort().map((name) => [name, JSON.parse(readFileSync(join(directory, name), 'utf8')) as Schema]));
}

/** Follows a `$ref` ("file.json", "#/$defs/Name", "file.json#/$defs/Name") to the schema that says what is meant. */
export function resolve(schemas: Schemas, schema: Schema, file: string): Located {
  if (schema.$ref === undefined) return {schema, file, name: undefined};
  const [path = '', name] = schema.$ref.split('#/$defs/');
  const targetFile = path === '' ? file : path;
  const root = schemas.get(targetFile);
  const target = name === undefined ? root : root?.$defs?.[name];
  if (target === undefined) throw new Error(`spec-schemas/${file}: $ref "${schema.$ref}" leads nowhere`);
  const found = resolve(schemas, target, targetFile);
  return {...found, name: found.name ?? name ?? target.title};
}

/** Every named type: the roots of the files and their $defs, in file order. */
export function namedSchemas(schemas: Schemas): Located[] {
  const all = [...schemas].flatMap(([file, root]) => [
    ...(root.title === undefined ? [] : [{schema: root, file, name: root.title}]),
    ...Object.entries(root.$defs ?? {}).map(([name, schema]) => ({schema, file, name})),
  ]);
  const seen = new Set<string | undefined>();
  for (const {name, file} of all) {
    if (seen.has(name)) throw new Error(`spec-schemas/${file}: the name ${name} is taken`);
    seen.add(name);
  }
  return all;
}

export const is64Bit = (schema: Schema): boolean => schema.format === 'int64' || schema.format === 'uint64';
