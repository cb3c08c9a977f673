// Generates the C side of two tables: from the operations of a plan (src/plan/operations.ts) the structs, decoder and
// dispatch list in addon/core/operations.gen.h, from the messages of the agent (src/agent/messages.ts) the structs, readers
// and writers in addon/core/messages.gen.h; and the build id that addon, runts-init, launcher and plan encoder must share.
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {FIRST_AGENT_FD, messages, PROTOCOL_VERSION} from '../src/agent/messages.ts';
import {type FieldTypes, operations} from '../src/plan/operations.ts';

type FieldKind = keyof FieldTypes;

const root = dirname(import.meta.dirname);
const header = join(root, 'addon/core/operations.gen.h');
const messagesHeader = join(root, 'addon/core/messages.gen.h');
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
  for (const table of ['src/plan/operations.ts', 'src/agent/messages.ts']) hash.update(readFileSync(join(root, table)));
  hash.update(readFileSync(import.meta.filename));
  return hash.digest('hex').slice(0, 16);
}

function structOf(name: string, fields: Record<string, FieldKind>, prefix = 'op'): string {
  const members = Object.entries(fields).map(([field, kind]) => `\t${C_TYPES[kind]}${snake(field)};`);
  // An empty struct is no standard C.
  return `struct ${prefix}_${snake(name)} {\n${members.length === 0 ? '\tchar none;' : members.join('\n')}\n};`;
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

${each((name, fields) => structOf(name, fields), '\n\n')}

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

function readerOf(name: string, fields: Record<string, FieldKind>): string {
  const type = `agent_${snake(name)}`;
  const reads = Object.entries(fields).map(([field, kind]) => `\tread_${kind}(reader, &message->${snake(field)});\n`);
  const unused = reads.length === 0 ? '\t(void)reader, (void)message;\n' : '';
  return `static inline void read_${type}(struct plan_reader *reader, struct ${type} *message) {\n${unused}${reads.join('')}}`;
}

function writerOf(name: string, fields: Record<string, FieldKind>): string {
  const type = `agent_${snake(name)}`;
  const writes = Object.entries(fields).map(([field, kind]) => `\twrite_${kind}(writer, &message->${snake(field)});\n`);
  return `static inline void write_${type}(struct writer *writer, const struct ${type} *message) {\n${writes.join('')}}`;
}

/** Readers of what the agent says, writers of what the launcher says. */
function generateMessages(): string {
  const entries = Object.entries(messages) as [string, Record<string, FieldKind>][];
  const first = entries.findIndex(([name]) => name === 'spawn');
  return `// Generated from src/agent/messages.ts; do not edit.
#ifndef RUNTS_MESSAGES_GEN_H
#define RUNTS_MESSAGES_GEN_H

#include "plan.h"
#include "writer.h"

#define AGENT_PROTOCOL_VERSION ${PROTOCOL_VERSION}
#define FIRST_AGENT_FD ${FIRST_AGENT_FD}

enum agent_message {
${entries.map(([name]) => `\tAGENT_${snake(name).toUpperCase()},`).join('\n')}
};

${entries.map(([name, fields]) => structOf(name, fields, 'agent')).join('\n\n')}

${entries
  .slice(0, first)
  .map(([name, fields]) => writerOf(name, fields))
  .join('\n\n')}

${entries
  .slice(first)
  .map(([name, fields]) => readerOf(name, fields))
  .join('\n\n')}

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
writeIfChanged(messagesHeader, generateMessages());
writeIfChanged(
  buildIdModule,
  `// Generated; see scripts/generate-operations.ts.\nexport const buildId = '${buildId}';\n`,
);
