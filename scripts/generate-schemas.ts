// Makes src/generated/{config.ts,shapes.ts,validate*.js} from spec-schemas/: the types, the table that the loader tidies
// a parsed file with, and the validators. Run by the build; same input, same output.
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {readSchemas} from './schemas/read.ts';
import {shapesModule} from './schemas/shapes.ts';
import {typesModule} from './schemas/types.ts';
import {phrases, validatorsModule} from './schemas/validators.ts';

/** What users write. */
const INPUTS = {Config: 'config.json', Process: 'process.json', Resources: 'resources.json'};
/** What runts writes: validators for tests and for those who read it, apart, because commands never load them. */
const OUTPUTS = {State: 'state.json', Features: 'features.json'};

const root = join(import.meta.dirname, '..');
const target = join(root, 'src/generated');
const schemas = readSchemas(join(root, 'spec-schemas'));
const head = '// Generated from spec-schemas/ by scripts/generate-schemas.ts; not to be edited.\n';

const withPrefix = (prefix: string, roots: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(roots).map(([name, file]) => [`${prefix}${name}`, file]));

const declarations = (roots: Readonly<Record<string, string>>): string => `export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}
export interface Validator {
  (data: unknown): boolean;
  errors: readonly SchemaError[] | null;
}
${Object.keys(roots)
  .map((name) => `export declare const validate${name}: Validator;\n`)
  .join('')}`;

function write(file: string, text: string): void {
  writeFileSync(join(target, file), `${head}${text}`);
}

mkdirSync(target, {recursive: true});
write('config.ts', typesModule(schemas));
write('shapes.ts', `${shapesModule(schemas, withPrefix('shapeOf', INPUTS))}\n${phrases(schemas)}`);
write('validate.js', validatorsModule(schemas, withPrefix('validate', INPUTS)));
write('validate.d.ts', declarations(INPUTS));
write('validate-output.js', validatorsModule(schemas, withPrefix('validate', OUTPUTS)));
write('validate-output.d.ts', declarations(OUTPUTS));
