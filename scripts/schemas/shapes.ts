// The shapes of the documents: which keys each object knows, and where 64-bit integers are (src/config/tidy.ts).
import {is64Bit, resolve, type Schema, type Schemas} from './read.ts';

/** One constant for each object type, those it refers to first, as `roots` reach them. */
export function shapesModule(schemas: Schemas, roots: Readonly<Record<string, string>>): string {
  const declared = new Map<string, string>();
  const lines = Object.entries(roots).map(([exported, file]) => {
    const shape = shapeOf(schemas, {$ref: file}, file, true, declared);
    return `export const ${exported}: Shape = ${shape};\n`;
  });
  return `import type {Shape} from '../config/tidy.ts';\n\n${[...declared.values(), ...lines].join('')}`;
}

function shapeOf(
  schemas: Schemas,
  schema: Schema,
  file: string,
  required: boolean,
  declared: Map<string, string>,
): string {
  const target = resolve(schemas, schema, file);
  const {type, items, additionalProperties, properties} = target.schema;
  const inner = (child: Schema, isRequired = true): string =>
    shapeOf(schemas, child, target.file, isRequired, declared);
  if (type === 'integer' && is64Bit(target.schema)) return "'integer64'";
  if (type === 'string' && !required) return "'optionalString'";
  if (items !== undefined) return wrapped('items', inner(items));
  if (additionalProperties !== undefined) return wrapped('values', inner(additionalProperties));
  if (properties === undefined) return "'any'";

  const name = `${target.name}Shape`;
  if (!declared.has(name)) {
    const fields = Object.entries(properties).map(
      ([key, property]) => `  ${key}: ${inner(property, target.schema.required?.includes(key) ?? false)},\n`,
    );
    declared.set(name, `const ${name}: Shape = {fields: {\n${fields.join('')}}};\n`);
  }
  return name;
}

/** An array or map whose elements need no care needs none itself. */
const wrapped = (kind: string, inner: string): string => (inner === "'any'" ? inner : `{${kind}: ${inner}}`);
