// Every property of a document, as the schemas have it: `mounts[].options[]`, `linux.netDevices{}.name`.
import {resolve, type Schema, type Schemas} from '../../../scripts/schemas/read.ts';

/** The paths of all values in documents of the schema `file`: what is not just a frame for other properties. */
export function propertiesOf(schemas: Schemas, file: string): string[] {
  return within(schemas, {$ref: file}, file, '');
}

function within(schemas: Schemas, schema: Schema, file: string, path: string): string[] {
  const target = resolve(schemas, schema, file);
  const {properties, items, additionalProperties} = target.schema;
  if (items !== undefined) return within(schemas, items, target.file, `${path}[]`);
  if (additionalProperties !== undefined) return within(schemas, additionalProperties, target.file, `${path}{}`);
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([key, property]) =>
    within(schemas, property, target.file, path === '' ? key : `${path}.${key}`),
  );
}

/** Whether a document has a value at such a path. */
export function isUsed(document: unknown, path: string): boolean {
  const [, head = '', rest = ''] = /^(\w+|\[\]|\{\})\.?(.*)$/.exec(path) ?? [];
  if (head === '') return document !== undefined;
  if (typeof document !== 'object' || document === null) return false;
  const members =
    head === '[]' || head === '{}' ? Object.values(document) : [(document as Record<string, unknown>)[head]];
  return members.some((member) => isUsed(member, rest));
}
