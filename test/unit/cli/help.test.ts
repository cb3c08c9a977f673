import {describe, expect, it} from 'vitest';
import {commandNames, loadAllCommands, unsupportedCommands} from '../../../src/cli/commands/index.ts';
import {globalOptions} from '../../../src/cli/globals.ts';
import type {Option} from '../../../src/cli/options.ts';
import {cli} from './run-cli.ts';

/** Help wraps lines; words stay. */
const words = (text: string): string => text.replace(/\s+/g, ' ');

function expectOptions(help: string, options: readonly Option[]): void {
  for (const {name, alias, description} of options.filter(({hidden}) => hidden !== true)) {
    expect(help).toMatch(new RegExp(`${alias === undefined ? '' : `-${alias}, `}--${name} `));
    expect(help).toContain(words(description));
  }
}

describe('help', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']], [['h']], [['']], [['--help', 'create']]])(
    '%j lists every command and global option',
    async (argv) => {
      const {code, stdout, stderr} = await cli(argv);
      expect({code, stderr}).toEqual({code: 0, stderr: ''});
      for (const name of commandNames) expect(stdout).toContain(`runts ${name}`);
      expectOptions(words(stdout), globalOptions);
    },
  );

  it.each([...commandNames])('of %s shows its usage and every option of its table', async (name) => {
    const command = (await loadAllCommands()).find((candidate) => candidate.name === name);
    const texts = await Promise.all([cli([name, '--help']), cli([name, '-h']), cli(['help', name])]);
    for (const {code, stdout} of texts) {
      expect(code).toBe(0);
      expect(stdout.startsWith(`Usage: runts ${name} [options] ${command?.usage}`.trim())).toBe(true);
      expectOptions(words(stdout), command?.options ?? []);
    }
  });

  it('says that a missing command is missing', async () => {
    for (const name of Object.keys(unsupportedCommands)) {
      expect((await cli(['help', name])).stderr).toMatch(/ is not supported/);
    }
  });

  // The first look at these creates a stream, which makes a pipe non-blocking for everybody who shares it.
  it('never looks at process.stdout or process.stderr', async () => {
    const looks: string[] = [];
    const originals = (['stdout', 'stderr'] as const).map((name) => {
      const original = Object.getOwnPropertyDescriptor(process, name) ?? {};
      Object.defineProperty(process, name, {configurable: true, get: () => looks.push(name) as never});
      return [name, original] as const;
    });
    await cli(['--help']);
    await cli(['start']);
    for (const [name, original] of originals) Object.defineProperty(process, name, original);
    expect(looks).toEqual([]);
  });
});

describe('tables', () => {
  it('have no option twice in a command', async () => {
    for (const {options} of [{options: globalOptions}, ...(await loadAllCommands())]) {
      const names = options.flatMap((option: Option) => [
        option.name,
        ...(option.alias === undefined ? [] : [option.alias]),
      ]);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});
