// What happens to configs on their way to us, and what somebody may do to them on purpose, as fast-check arbitraries.
import fc from 'fast-check';
import {childrenOf, type Member, textOf, type Tree, withChild} from './tree.ts';

const keys = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  '',
  '0',
  'a/b~1',
  'x\0',
  '\ud800',
  'é',
];

const texts = [
  ...[
    '',
    ' ',
    '/',
    '.',
    '..',
    '../..',
    '//',
    'x',
    ',',
    '=',
    ':',
    '%d',
    '%s',
    '\0',
    '\n',
    '\u202e',
    '\ud800',
    '-1',
    '1e3',
  ],
  ...[
    '/proc/self',
    '/proc',
    '/sys/fs/cgroup',
    'pid',
    'user',
    'bind',
    'rro',
    'idmap',
    'size=1k,',
    'SCMP_ACT_NOTIFY',
    'MB:',
  ],
  'x'.repeat(5000),
];

/** Spelled as in the file. */
const numbers = [
  ...['0', '-0', '-1', '1', '0.5', '1e3', '1e400', '-1e-400', '1.0', '65536', '2147483648', '4294967295', '4294967296'],
  ...['9007199254740993', '9223372036854775807', '9223372036854775808', '-9223372036854775809', '18446744073709551616'],
  '9'.repeat(500),
];

/** No JSON at all. */
const junk = [
  '',
  'undefined',
  'NaN',
  '01',
  '+1',
  '.5',
  "'x'",
  '"\\x"',
  '"\t"',
  '"',
  '\ufeff1',
  '{',
  '[1,]',
  '// x',
  '1 2',
];

const scalar: fc.Arbitrary<Tree> = fc.oneof(
  {weight: 4, arbitrary: fc.constantFrom('null', 'true', 'false', '{}', '[]', '[null]', '[[]]', '{"a":1}')},
  {weight: 4, arbitrary: fc.constantFrom(...numbers)},
  {weight: 4, arbitrary: fc.constantFrom(...texts).map((text) => JSON.stringify(text))},
  {weight: 1, arbitrary: fc.bigInt({min: -(2n ** 66n), max: 2n ** 66n}).map(String)},
  {weight: 1, arbitrary: fc.double().map((number) => JSON.stringify(number))},
  {weight: 1, arbitrary: fc.string({unit: 'binary'}).map((text) => JSON.stringify(text))},
);

/** What becomes of one member of an object or array; `other` is some other place of the same document. */
type Change = (member: Member, other: Tree) => readonly Member[];

const key = fc.constantFrom(...keys);
const same = <Value>(value: Value): fc.Arbitrary<Value> => fc.constant(value);

const change: fc.Arbitrary<Change> = fc.oneof(
  {weight: 3, arbitrary: same<Change>(() => [])},
  {
    weight: 8,
    arbitrary: scalar.map<Change>((value) => ([name]) => [[name, value]]),
  },
  {weight: 3, arbitrary: same<Change>(([name], other) => [[name, other]])},
  {weight: 2, arbitrary: same<Change>((member, other) => [member, [member[0], other]])},
  {weight: 2, arbitrary: key.map<Change>((name) => (member, other) => [member, [name, other]])},
  {
    weight: 1,
    arbitrary: key.map<Change>((name) => ([, value]) => [[name, value]]),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom(...texts), fc.boolean()).map<Change>(([text, before]) => ([name, value]) => [
      [name, edited(value, text, before)],
    ]),
  },
);

/** At most once for each document, since these would multiply. */
const growth: fc.Arbitrary<Change> = fc.oneof(
  {weight: 8, arbitrary: same<Change>((member) => [member])},
  {weight: 1, arbitrary: fc.integer({min: 2, max: 5000}).map<Change>((count) => (member) => repeated(member, count))},
  {
    weight: 1,
    arbitrary: fc.integer({min: 1, max: 20_000}).map<Change>((depth) => ([name, value]) => [
      [name, nested(value, depth)],
    ]),
  },
);

/** `count` times, or as often as fits into 64 KiB. */
function repeated(member: Member, count: number): readonly Member[] {
  const size = textOf({members: [member]}).length;
  return Array(Math.min(count, Math.ceil(65_536 / size))).fill(member);
}

function nested(value: Tree, depth: number): Tree {
  let tree = value;
  for (let level = 0; level < depth; level++) tree = level % 2 === 0 ? {items: [tree]} : {members: [['a', tree]]};
  return tree;
}

/** A string with something in front or behind; anything else as it was. */
function edited(value: Tree, text: string, before: boolean): Tree {
  if (typeof value !== 'string' || !value.startsWith('"')) return value;
  const old = JSON.parse(value) as string;
  return JSON.stringify(before ? text + old : old + text);
}

/** Leads from the top of a document down to some place in it: equally often to each property, however much is in it. */
const path = fc.array(fc.nat(1000), {minLength: 1, maxLength: 7});

function lookUp(tree: Tree, steps: readonly number[]): Tree {
  const children = childrenOf(tree);
  const [step, ...rest] = steps;
  if (step === undefined || children.length === 0) return tree;
  return lookUp(children[step % children.length] as Tree, rest);
}

function changeAt(tree: Tree, steps: readonly number[], how: (member: Member) => readonly Member[]): Tree {
  const children = childrenOf(tree);
  if (children.length === 0) return tree;
  const [step = 0, ...rest] = steps;
  const index = step % children.length;
  const inner = children[index] as Tree;
  if (rest.length === 0 || childrenOf(inner).length === 0) return withChild(tree, index, how);
  return withChild(tree, index, ([name, value]) => [[name, changeAt(value, rest, how)]]);
}

/** One of `documents`, with one to six places of it changed. */
export const mutatedText = (documents: readonly Tree[]): fc.Arbitrary<string> => {
  const changes = fc.array(fc.tuple(path, path, change), {minLength: 1, maxLength: 5});
  return fc
    .tuple(fc.constantFrom(...documents), fc.tuple(path, path, growth), changes)
    .map(([document, first, others]) => textOf([first, ...others].reduce(applied, document)));
};

function applied(tree: Tree, [at, other, how]: readonly [readonly number[], readonly number[], Change]): Tree {
  return changeAt(tree, at, (member) => how(member, lookUp(tree, other)));
}

/** Bytes cut out, doubled, overwritten or put in, at any place of one of `texts`. */
export const mutatedBytes = (originals: readonly string[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.constantFrom(...originals),
      fc.array(
        fc.record({
          at: fc.double({min: 0, max: 1, noNaN: true, maxExcluded: true}),
          cut: fc.oneof(fc.nat(4), fc.nat(4000), fc.constant(Number.POSITIVE_INFINITY)),
          put: fc.oneof(
            fc.constant(Buffer.alloc(0)),
            fc.constantFrom(...junk, ...numbers, ...'{}[],:"\\\n').map((text) => Buffer.from(text)),
            fc.uint8Array({maxLength: 4}).map((bytes) => Buffer.from(bytes)),
            fc.constant('double' as const),
          ),
        }),
        {minLength: 1, maxLength: 3},
      ),
    )
    .map(([text, edits]) =>
      edits.reduce((bytes, {at, cut, put}) => {
        const start = Math.floor(at * bytes.length);
        const end = Math.min(bytes.length, start + cut);
        const middle = put === 'double' ? Buffer.concat([bytes.subarray(start, end), bytes.subarray(start, end)]) : put;
        return Buffer.concat([bytes.subarray(0, start), middle, bytes.subarray(end)]);
      }, Buffer.from(text)),
    );
