// Manual pages and completions hold what the tables of the command line hold, and nothing else.
import {beforeAll, describe, expect, it} from 'vitest';
import {completions} from '../../../scripts/manual/completions.ts';
import {manualPages} from '../../../scripts/manual/pages.ts';
import {bold, literal, macro, prose} from '../../../scripts/manual/roff.ts';
import {type CommandLine, commandLine} from '../../../scripts/manual/tables.ts';
import {commandNames, loadAllCommands} from '../../../src/cli/commands/index.ts';
import {globalOptions} from '../../../src/cli/globals.ts';
import {helpOption, type Option} from '../../../src/cli/options.ts';

/** Command → its options as they are typed; '' is runts itself. */
const expected = new Map<string, string[]>();
let line: CommandLine;
let pages: ReadonlyMap<string, string>;
let scripts: ReadonlyMap<string, string>;

function typed(options: readonly Option[]): string[] {
  const shown = options.filter(({hidden}) => hidden !== true);
  return shown.flatMap(({name, alias}) => [`--${name}`, ...(alias === undefined ? [] : [`-${alias}`])]).sort();
}

beforeAll(async () => {
  expected.set('', typed(globalOptions));
  for (const {name, options} of await loadAllCommands()) expected.set(name, typed([...options, helpOption]));
  line = await commandLine();
  pages = manualPages(line, {version: '1.2.3', date: '2026-01-31'});
  scripts = completions(line);
});

describe('manual pages', () => {
  const section = (page: string, name: string): string => page.split(`.SH ${name}\n`)[1]?.split('\n.SH ')[0] ?? '';
  const tags = (text: string): string[] => [...text.matchAll(/^\.TP\n(.*)$/gm)].map(([, tag = '']) => tag);
  const plain = (roff: string): string => roff.replace(/\\f[BIR]/g, '').replaceAll('\\-', '-');
  const pageOf = (command: string): string => pages.get(command === '' ? 'runts.8' : `runts-${command}.8`) ?? '';

  it('are one for runts and one for each command', () => {
    expect([...pages.keys()].sort()).toEqual(['runts.8', ...commandNames.map((name) => `runts-${name}.8`)].sort());
  });

  it.each(['', ...commandNames])('have the options of %j', (command) => {
    const options = tags(section(pageOf(command), 'OPTIONS')).map(plain);
    const names = options.flatMap((tag) => tag.split(', ').map((part) => part.split(' ')[0] ?? ''));
    expect(names.sort()).toEqual(expected.get(command));
  });

  it('have the commands, what they take and what they do', () => {
    const list = tags(section(pageOf(''), 'COMMANDS')).map((tag) => plain(tag).split(' ')[0]);
    expect(list).toEqual([...commandNames, 'help'].sort());
    expect(pageOf('kill')).toContain(
      '\n\\fBrunts kill\\fR [\\fIoptions\\fR] \\fIcontainer\\-id\\fR [\\fIsignal\\fR]\n',
    );
    expect(plain(pageOf('list'))).toContain('-f, --format table|json\nFormat of the list.\nThe default is table.\n');
  });

  it('have the sections of a manual page, in order', () => {
    const titles = (page: string): string[] => [...page.matchAll(/^\.SH (.*)$/gm)].map(([, title = '']) => title);
    const all = 'NAME SYNOPSIS DESCRIPTION COMMANDS OPTIONS FILES ENVIRONMENT EXIT_STATUS EXAMPLES SEE_ALSO'.split(' ');
    expect(titles(pageOf(''))).toEqual(all.map((title) => title.replace('_', ' ')));
    expect(titles(pageOf('kill'))).toEqual(['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXAMPLES', 'SEE ALSO']);
  });

  it('have no words that only the tables of other forms know', () => {
    for (const page of pages.values()) expect(page).not.toMatch(/undefined|\[object|`/);
  });
});

describe('roff', () => {
  it('escapes what it would take for its own', () => {
    expect(literal("a-b \\n ~ ^ 'c'")).toBe('a\\-b \\en \\(ti \\(ha \\(aqc\\(aq');
    expect(prose("a read-only value: -1, --no-pivot, '--x', 0-3,7 and /a-b")).toBe(
      'a read-only value: \\-1, \\-\\-no\\-pivot, \\(aq\\-\\-x\\(aq, 0\\-3,7 and /a\\-b',
    );
    expect(prose('.start')).toBe('\\&.start');
    expect(prose("'start")).toBe("\\&'start");
    expect(prose('5 µs')).toBe('5 \\[u00B5]s');
    expect(prose('`runts list` and *this*')).toBe('\\fBrunts list\\fR and \\fIthis\\fR');
    expect(bold('-b')).toBe('\\fB\\-b\\fR');
    expect(macro('TH', 'A', '', 'b "c"')).toBe('.TH A "" "b \\(dqc\\(dq"');
  });
});

describe('completion scripts', () => {
  const script = (name: string): string => scripts.get(name) ?? '';
  const words = (text: string | undefined): string[] => (text ?? '').split(' ').filter((word) => word !== '');

  it.each(['', ...commandNames])('for bash has the options of %j', (command) => {
    const row = new RegExp(`^ *${command === '' ? "''" : command}\\) options=\\(([^)]*)\\)`, 'm').exec(
      script('runts.bash'),
    );
    expect(
      words(row?.[1])
        .map((option) => option.replace(/=.*/, ''))
        .sort(),
    ).toEqual(expected.get(command));
  });

  it.each(['', ...commandNames])('for zsh has the options of %j', (command) => {
    const text = script('_runts');
    const [head = '', tail = ''] = text.split('  case $words[1] in\n');
    const block = command === '' ? head : (new RegExp(`^ *${command}\\)\n((?:.*\n)*?) *;;`, 'm').exec(tail)?.[1] ?? '');
    const names = [...block.matchAll(/^ *'(?:\([^)]*\)|\*)(-[\w-]+)=?\[/gm)].map(([, name = '']) => name);
    expect(names.sort()).toEqual(expected.get(command));
  });

  it.each(['', ...commandNames])('for fish has the options of %j', (command) => {
    const condition = `__runts_in_options ${command === '' ? "\\'\\'" : command}'`;
    const rows = script('runts.fish')
      .split('\n')
      .filter((row) => row.includes(condition));
    const names = rows.flatMap((row) => {
      const [, alias, name] = / (?:-s (\S) )?-l (\S+) /.exec(row) ?? [];
      return [`--${name}`, ...(alias === undefined ? [] : [`-${alias}`])];
    });
    expect(names.sort()).toEqual(expected.get(command));
  });

  it('have all commands', () => {
    const all = [...commandNames, 'help'].sort();
    expect(words(/commands='(.*)'/.exec(script('runts.bash'))?.[1])).toEqual(all);
    const zsh = script('_runts').split('local -a commands=(\n')[1]?.split('\n  )')[0] ?? '';
    expect([...zsh.matchAll(/^ *'(\w+):/gm)].map(([, name]) => name).sort()).toEqual(all);
    const fish = [...script('runts.fish').matchAll(/-n __runts_at_command -a (\w+) /g)];
    expect(fish.map(([, name]) => name).sort()).toEqual(all);
  });

  it('have had all their tables put in', () => {
    for (const text of scripts.values()) expect(text).not.toMatch(/^ *#\w+#$/m);
  });
});

describe('tables', () => {
  it('say of every option that takes a path of the host that it does', async () => {
    for (const {name, options} of [{name: '', options: globalOptions}, ...(await loadAllCommands())]) {
      for (const option of options as readonly Option[]) {
        if (!/^(path to|(configuration )?file to|directory for|append .* to this file)/.test(option.description))
          continue;
        expect(option.path, `runts ${name} --${option.name}`).toBeDefined();
      }
    }
  });

  it('say which arguments name a container that is there', () => {
    const offers = new Map(line.commands.map((command) => [command.name, command.offers]));
    expect(offers.get('create')).toEqual(['']);
    expect(offers.get('run')).toEqual(['']);
    expect(offers.get('list')).toEqual([]);
    expect(offers.get('exec')).toEqual(['container', '', '']);
    expect(offers.get('kill')).toEqual(['container', 'signal']);
  });
});
