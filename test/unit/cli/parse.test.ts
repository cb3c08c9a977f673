import {describe, expect, it} from 'vitest';
import {defineOptions} from '../../../src/cli/options.ts';
import {parse} from '../../../src/cli/parse.ts';

const options = defineOptions([
  {name: 'bundle', alias: 'b', type: 'string', description: 'd'},
  {name: 'format', alias: 'f', type: 'string', default: 'table', choices: ['table', 'json'], description: 'd'},
  {name: 'no-pivot', type: 'boolean', description: 'd'},
  {name: 'force', type: 'boolean', description: 'd'},
  {name: 'preserve-fds', type: 'number', default: 0, description: 'd'},
  {name: 'env', alias: 'e', type: 'strings', description: 'd'},
]);

const anywhere = {scope: 'command', stopAtArgument: false} as const;
const stopping = {scope: 'command', stopAtArgument: true} as const;
const defaults = {bundle: undefined, format: 'table', 'no-pivot': false, force: false, 'preserve-fds': 0, env: []};

describe('parse: order', () => {
  it.each([
    [['--bundle', '/b', 'id']],
    [['id', '--bundle', '/b']],
    [['--bundle=/b', 'id']],
    [['id', '--bundle=/b']],
    [['-b', '/b', 'id']],
    [['id', '-b=/b']],
    [['-bundle', '/b', 'id']],
    [['id', '-bundle=/b']],
    [['--b', '/b', '--', 'id']],
    [['--bundle', '/other', 'id', '--bundle', '/b']],
  ])('%j is one command', (argv) => {
    expect(parse(argv, options, anywhere)).toEqual({
      values: {...defaults, bundle: '/b'},
      args: ['id'],
      error: undefined,
    });
  });

  it('stops at the first argument where a command says so', () => {
    const {values, args} = parse(['--force', 'id', '-9', '--no-pivot', '--', 'x'], options, stopping);
    expect(values).toMatchObject({force: true, 'no-pivot': false});
    expect(args).toEqual(['id', '-9', '--no-pivot', '--', 'x']);
  });

  it('takes everything after -- as arguments', () => {
    expect(parse(['a', '--', '--force', '-b', '--'], options, anywhere).args).toEqual(['a', '--force', '-b', '--']);
  });

  it('takes - and the empty string as arguments', () => {
    expect(parse(['-', ''], options, anywhere).args).toEqual(['-', '']);
  });

  it('gives defaults when there are no flags', () => {
    expect(parse([], options, anywhere)).toEqual({values: defaults, args: [], error: undefined});
  });
});

describe('parse: values', () => {
  it.each([
    ['true', true],
    ['1', true],
    ['T', true],
    ['TRUE', true],
    ['false', false],
    ['0', false],
    ['F', false],
    ['False', false],
  ])('--force=%s is %s', (text, expected) => {
    expect(parse([`--force=${text}`], options, anywhere).values.force).toBe(expected);
  });

  it('never takes an argument for the value of a boolean flag', () => {
    const {values, args} = parse(['--force', 'false'], options, anywhere);
    expect(values.force).toBe(true);
    expect(args).toEqual(['false']);
  });

  it('does not read no- as a negation', () => {
    expect(parse(['--no-pivot'], options, anywhere).values['no-pivot']).toBe(true);
    expect(parse(['--no-force'], options, anywhere).error?.message).toBe('flag provided but not defined: -no-force');
  });

  it.each([
    '"quoted"',
    "'x'",
    'a,b',
    'a=b=c',
    '',
    '-x',
    '--force',
    '--',
    '0x10',
    '1e3',
    'a.b',
    'line\nline',
    'true',
    'ü',
  ])('keeps the value %j as it is, in both spellings', (value) => {
    expect(parse(['--bundle', value], options, anywhere)).toMatchObject({values: {bundle: value}, error: undefined});
    expect(parse([`--bundle=${value}`], options, anywhere)).toMatchObject({values: {bundle: value}, error: undefined});
  });

  it('keeps every value of a list, and commas in them', () => {
    const {values} = parse(['-e', 'A=1,2', '--env=B', 'id', '-e', '-x'], options, anywhere);
    expect(values.env).toEqual(['A=1,2', 'B', '-x']);
    expect(parse(['--env', 'A'], options, anywhere).values.env).toEqual(['A']);
  });

  it('reads numbers', () => {
    expect(parse(['--preserve-fds', '3'], options, anywhere).values['preserve-fds']).toBe(3);
    expect(parse(['--preserve-fds=-1'], options, anywhere).values['preserve-fds']).toBe(-1);
    expect(parse(['--preserve-fds', '1', '--preserve-fds', '2'], options, anywhere).values['preserve-fds']).toBe(2);
  });
});

describe('parse: errors', () => {
  it.each([
    [['--foo'], 'flag provided but not defined: -foo'],
    [['-foo=x'], 'flag provided but not defined: -foo'],
    [['-9'], 'flag provided but not defined: -9'],
    [['--bundle'], 'flag needs an argument: -bundle'],
    [['-b'], 'flag needs an argument: -b'],
    [['--force=maybe'], 'invalid boolean value "maybe" for -force: parse error'],
    [['--force='], 'invalid boolean value "" for -force: parse error'],
    [['--preserve-fds', 'x'], 'invalid value "x" for flag -preserve-fds: parse error'],
    [['--preserve-fds='], 'invalid value "" for flag -preserve-fds: parse error'],
    [
      ['--preserve-fds', '99999999999999999999'],
      'invalid value "99999999999999999999" for flag -preserve-fds: value out of range',
    ],
    [['--=x'], 'bad flag syntax: --=x'],
    [['---x'], 'bad flag syntax: ---x'],
    [['-=x'], 'bad flag syntax: -=x'],
    [['--format', 'xml'], 'invalid value "xml" for --format: use table or json'],
    [['--__proto__=x'], 'flag provided but not defined: -__proto__'],
    [['--foo', '--bar'], 'flag provided but not defined: -foo'],
  ])('%j: %s', (argv, message) => {
    expect(parse(argv, options, anywhere).error?.message).toBe(message);
  });

  it('goes on after a mistake, so that later flags are known', () => {
    expect(parse(['--foo', '--bundle', '/b'], options, stopping).values.bundle).toBe('/b');
  });
});
