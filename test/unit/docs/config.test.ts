// docs/config.md, the schemas and the tests agree: no property without its row, no row without its test.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {readSchemas} from '../../../scripts/schemas/read.ts';
import {parseConfig} from '../../../src/config/load.ts';
import {mountOptionNames} from '../../../src/plan/mount-options.ts';
import {isUsed, propertiesOf} from './properties.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const properties = propertiesOf(readSchemas(join(root, 'spec-schemas')), 'config.json');

interface Row {
  readonly names: readonly string[];
  readonly support: readonly string[];
  /** ["test/integration/mounts.test.ts", "mounts: tmpcopyup fills the tmpfs with what it covers"] */
  readonly proofs: readonly (readonly [file: string, title: string])[];
}

const tables = read('docs/config.md')
  .split('\n## ')
  .map((section) => ({
    title: section.slice(0, section.indexOf('\n')),
    rows: section.split('\n').filter(isRow).map(rowOf),
  }));
const rowsOf = (title: string): readonly Row[] => tables.find((table) => table.title === title)?.rows ?? [];
const rows = tables.filter(({title}) => title !== 'Mount options').flatMap((table) => table.rows);

/** `| `linux.x`, `linux.y` | yes | yes | yes | kernel | `integration/file` title<br>... |` */
function isRow(line: string): boolean {
  return line.startsWith('| `');
}

function rowOf(line: string): Row {
  const [first = '', ...cells] = line.slice(2, -2).split(' | ');
  const proofs = (cells.pop() ?? '').split('<br>').map((proof) => {
    const [, file = '', title = ''] = /^`([\w/-]+)` (.+)$/.exec(proof) ?? [];
    return [`test/${file}.test.${file.startsWith('lab/') ? 'sh' : 'ts'}`, title.replaceAll('\\|', '|')] as const;
  });
  return {names: [...first.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name), support: cells.slice(0, -1), proofs};
}

/** The string literals of a test file, which its titles are among; `${...}`, %s and $x stand for anything. */
function titlesIn(file: string): RegExp[] {
  const text = read(file);
  const literals = file.endsWith('.sh')
    ? text.matchAll(/^\s*(?:check|equal|eventually|refused|refused_with) (['"])(.*?)\1/gm)
    : text.matchAll(/(['"`])((?:\\.|(?!\1).)*)\1/g);
  return [...literals].map(([, , literal = '']) => pattern(literal.replace(/\\(['"`])/g, '$1')));
}

function pattern(title: string): RegExp {
  const parts = title
    .split(/\$\{(?:[^{}]|\{[^}]*\})*\}|%[sjdi]|\$\w+/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  // A title that is all variable would stand for any.
  return parts.join('').trim().length < 4 && parts.length > 1 ? /(?!)/ : new RegExp(`^${parts.join('.+')}$`);
}

describe('docs/config.md', () => {
  it('has one row for every property of the schemas, and no other', () => {
    const named = rows.flatMap(({names}) => names);
    expect(named.filter((name, index) => named.indexOf(name) !== index)).toEqual([]);
    expect(properties.filter((name) => !named.includes(name))).toEqual([]);
    expect(named.filter((name) => !properties.includes(name))).toEqual([]);
  });

  it('has one row for every mount option, and no other', () => {
    expect(
      rowsOf('Mount options')
        .flatMap(({names}) => names)
        .sort(),
    ).toEqual([...mountOptionNames].sort());
  });

  it('says of each what is supported', () => {
    for (const {names, support} of tables.flatMap((table) => table.rows)) {
      expect(support.length, names[0]).toBe(3);
      for (const cell of support) expect(cell, names[0]).toMatch(/^(?:yes|no|ignored|refused)\b/);
    }
  });

  it.each(tables.filter(({rows}) => rows.length > 0))('names tests that exist: $title', ({rows}) => {
    for (const {names, proofs} of rows) {
      for (const [file, title] of proofs) {
        expect(title, `${names[0]}: a proof is \`folder/file\` and a title`).not.toBe('');
        expect(
          titlesIn(file).some((known) => known.test(title)),
          `${names[0]}: "${title}" in ${file}`,
        ).toBe(true);
      }
    }
  });
});

describe('fixtures/maximal.json', () => {
  it('uses every property', () => {
    const maximal = JSON.parse(read('test/unit/config/fixtures/maximal.json'));
    expect(properties.filter((path) => !isUsed(maximal, path))).toEqual([]);
  });

  it('is accepted, with a warning for what has no effect', () => {
    const {warnings} = parseConfig(read('test/unit/config/fixtures/maximal.json'));
    expect(warnings.map((line) => /#([^:]*)/.exec(line)?.[1])).toEqual(['/linux/personality/flags']);
  });
});
