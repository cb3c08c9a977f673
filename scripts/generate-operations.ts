// Generates the C side of the plan from the operation table (src/plan/operations.ts): structs, decoder and dispatch
// list in addon/core/operations.gen.h, and the build id that addon, runts-init and plan encoder must share.
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {type FieldTypes, operations} from '../src/plan/operations.ts';

type FieldKind = keyof FieldTypes;

const root = dirname(import.meta.dirname);
const header = join(root, 'addon/core/operations.gen.h');
const buildIdModule = join(root, 'src/generated/build-id.ts');

const C_TYPES: Record<FieldKind, string> = {
  u32: 'uint32_t ',
  i32: 'int32_t ',
  u64: 'uint64_t ',
  flag: 'bool ',
  str: 'const char *',
  strs: 'struct string_list ',
  u32s: 'struct u32_list ',
  bytes: 'struct byte_list ',
  fd: 'int32_t ',
};

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A hash over everything that must fit together: the table and the native sources. */
function computeBuildId(): string {
  const hash = createHash('sha256');
  for (const folder of ['addon/core', 'addon/init', 'addon/binding', 'addon/launcher']) {
    for (const file of readdirSync(join(root, folder)).sort()) {
      if (!/\.(c|cc|h)$/.test(file) || file.endsWith('.gen.h')) continue;
      hash.update(`${folder}/${file}\n`).update(readFileSync(join(root, folder, file)));
    }
  }
  hash.update(readFileSync(join(root, 'src/plan/operations.ts'))).update(readFileSync(import.meta.filename));
  return hash.digest('hex').slice(0, 16);
}

function structOf(name: string, fields: Record<string, FieldKind>): string {
  const members = Object.entries(fields).map(([field, kind]) => `\t${C_TYPES[kind]}${snake(field)};`);
  // An empty struct is no standard C.
  return `struct op_${snake(name)} {\n${members.length === 0 ? '\tchar none;' : members.join('\n')}\n};`;
}

function decoderOf(name: string, fields: Record<string, FieldKind>): string {
  const target = `operation->u.${snake(name)}`;
  const reads = Object.entries(fields).map(([field, kind]) => `\t\tread_${kind}(reader, &${target}.${snake(field)});`);
  return [`\tcase OP_${snake(name).toUpperCase()}:`, ...reads, '\t\tbreak;'].join('\n');
}

function generateHeader(buildId: string): string {
  const names = Object.keys(operations) as (keyof typeof operations)[];
  const each = (line: (name: string, fields: Record<string, FieldKind>) => string, joint = '\n'): string =>
    names.map((name) => line(name, operations[name])).join(joint);
  return `// Generated from src/plan/operations.ts; do not edit.
#ifndef RUNTS_OPERATIONS_GEN_H
#define RUNTS_OPERATIONS_GEN_H

#include "plan.h"

#define RUNTS_BUILD_ID "${buildId}"

enum opcode {
${each((name) => `\tOP_${snake(name).toUpperCase()},`)}
\tOP_COUNT
};

${each(structOf, '\n\n')}

struct operation {
\tenum opcode opcode;
\tunion {
${each((name) => `\t\tstruct op_${snake(name)} ${snake(name)};`)}
\t} u;
};

// X(UPPER_NAME, lower_name) for each operation, in the order of the opcodes.
#define RUNTS_OPERATIONS(X) \\
${each((name) => `\tX(${snake(name).toUpperCase()}, ${snake(name)})`, ' \\\n')}

// For each operation X(kind, name) of its operands: what walks over them without knowing them, such as a dump.
${each(
  (name, fields) =>
    `#define OPERANDS_${snake(name)}(X) ${Object.entries(fields)
      .map(([field, kind]) => `X(${kind}, ${snake(field)})`)
      .join(' ')}`,
)}

// Fills the operands of one operation whose opcode was read already.
static inline void decode_operands(struct plan_reader *reader, struct operation *operation) {
\tswitch (operation->opcode) {
${each(decoderOf)}
\tcase OP_COUNT:
\t\treader->failed = true;
\t\tbreak;
\t}
}

#endif
`;
}

/** Leaves an unchanged file alone, so that nothing is rebuilt for it. */
function writeIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, text);
}

const buildId = computeBuildId();
writeIfChanged(header, generateHeader(buildId));
writeIfChanged(
  buildIdModule,
  `// Generated; see scripts/generate-operations.ts.\nexport const buildId = '${buildId}';\n`,
);
