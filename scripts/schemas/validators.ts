// Standalone validators, so that neither ajv nor the schemas are there at run time.
import {_, Ajv, type KeywordCxt} from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import type {Schema, Schemas} from './read.ts';

/** Bounds of the integer formats that a JavaScript number holds exactly. */
const BOUNDS: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  uint16: [0, 65535],
};

/** An ES module that exports one function for each of `roots` (export name to schema file). */
export function validatorsModule(schemas: Schemas, roots: Readonly<Record<string, string>>): string {
  const ajv = new Ajv({allErrors: true, messages: false, code: {source: true, esm: true, lines: true}});
  ajv.addKeyword({
    keyword: 'integer64',
    schemaType: 'string',
    // The loader has made every 64-bit integer a bigint, so that the range can be checked exactly.
    code(context: KeywordCxt) {
      const {data, schema} = context;
      const wrapped = schema === 'int64' ? _`BigInt.asIntN(64, ${data})` : _`BigInt.asUintN(64, ${data})`;
      context.fail(_`typeof ${data} !== "bigint" || ${wrapped} !== ${data}`);
    },
    error: {message: '', params: ({schema}) => _`{format: ${schema}}`},
  });
  // ajv's own `enum` spells out every comparison.
  ajv.addKeyword({
    keyword: 'names',
    schemaType: 'array',
    code: (context: KeywordCxt) => context.fail(_`!${context.schemaValue}.includes(${context.data})`),
    error: {message: '', params: ({schemaValue}) => _`{names: ${schemaValue}}`},
  });
  for (const [file, schema] of schemas) ajv.addSchema(forAjv(schema) as object, file);
  return compact(standaloneCode.default(ajv, {...roots}));
}

/** The same schema with what only people and the type generator read left out, and formats made into checks. */
function forAjv(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(forAjv);
  if (typeof node !== 'object' || node === null) return node;
  const {description: _description, deprecated: _deprecated, title: _title, format, ...rest} = node as Schema;
  const {
    $schema: _schema,
    requiredAtCreate: _later,
    type,
    enum: names,
    ...members
  } = rest as Schema & {
    $schema?: string;
  };
  const copy = Object.fromEntries(Object.entries(members).map(([key, value]) => [key, forAjv(value)]));
  if (format === 'int64' || format === 'uint64') return {...copy, integer64: format};
  const bounds = typeof format === 'string' ? BOUNDS[format] : undefined;
  if (Array.isArray(names)) return {...copy, type, names};
  return {...(type === undefined ? {} : {type}), ...(bounds && {minimum: bounds[0], maximum: bounds[1]}), ...copy};
}

/** ajv's output says more than the loader needs; a third of it loads and runs faster. */
function compact(code: string): string {
  return code
    .replace(
      /const (err\d+) = (\{.*\});\nif\(vErrors === null\)\{\nvErrors = \[\1\];\n\}\nelse \{\nvErrors\.push\(\1\);\n\}/g,
      '(vErrors ??= []).push($2);',
    )
    .replace(/schemaPath:"[^"]*",/g, '')
    .replace(/,parentData:[\w.]+,parentDataProperty:("[^"]*"|\w+),rootData\}/g, '}')
    .replaceAll('{instancePath="", parentData, parentDataProperty, rootData=data}={}', '{instancePath=""}={}')
    .replaceAll('let vErrors = null;\nlet errors = 0;', 'let vErrors = null, errors = 0;');
}

/** What each pattern asks for, in words: the titles of the schemas that have one. */
export function phrases(schemas: Schemas): string {
  const found = new Map<string, string>();
  JSON.stringify([...schemas.values()], (_key, node: unknown) => {
    if (typeof node === 'object' && node !== null && 'pattern' in node) {
      const {pattern, title} = node as {pattern: string; title?: string};
      if (title === undefined) throw new Error(`spec-schemas: the pattern ${pattern} needs a title: what it asks for`);
      found.set(pattern, title);
    }
    return node;
  });
  const entries = [...found].map(([pattern, title]) => `  [${JSON.stringify(pattern)}, ${JSON.stringify(title)}],\n`);
  return `/** "must be ..." for each pattern of the schemas. */\nexport const phrases: ReadonlyMap<string, string> = new Map([\n${entries.join('')}]);\n`;
}
