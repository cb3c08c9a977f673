// The manual pages: runts.8, and one for each command. What the tables of the command line do not know is told here.
import type {Option} from '../../src/cli/options.ts';
import {bold, italic, literal, macro, prose, tagged} from './roff.ts';
import {type CommandLine, type CommandPage, spellings} from './tables.ts';

/** What stands in every page's header and footer. */
export interface Edition {
  readonly version: string;
  /** YYYY-MM-DD. */
  readonly date: string;
}

const ABOUT = [
  '`runts` runs containers packaged in the format of the Open Container Initiative (OCI). A *bundle* is a directory with a ' +
    'configuration, config.json, and a root filesystem; `runts` has the Linux kernel run it as a container.',
  'Its command line is that of `runc`(8), so that Docker, Podman, containerd and CRI-O can use it in the place of it. The ' +
    'options of runts itself stand before the command, those of a command after it.',
];

const FILES = [
  ['/run/runts', 'The state of containers, for root; `--root` changes it. It has a directory for each container.'],
  ['$XDG_RUNTIME_DIR/runts', 'The same for other users.'],
  ['ID/state.json', 'In the directory of a container: what runts knows of it.'],
  ['ID/config.json', 'In the directory of a container: a copy of the configuration it was made from.'],
] as const;

const EXIT_STATUS = [
  ['0', 'The command did what was asked for.'],
  ['1', 'It failed; the last line on stderr, and the last record in the log, say why.'],
  ['3', 'There is no such command.'],
  ['255', '`runts exec` could not run its command.'],
  ['other', 'In the foreground, `runts run` and `runts exec` have the status of the program that they ran.'],
  ['128+n', 'Signal n ended that program.'],
] as const;

const ENVIRONMENT = [
  ['XDG_RUNTIME_DIR', 'Where the state of containers lies when the user is not root.'],
  ['LISTEN_FDS, LISTEN_PID', 'File descriptors that are passed on, as of socket activation.'],
] as const;

const EXAMPLES = [
  ['mkdir -p bundle/rootfs', 'A bundle; fill its rootfs, for example with busybox.'],
  ['runts spec --bundle bundle', 'Write a configuration to start from.'],
  ['runts run --bundle bundle first', 'Run it on this terminal, as the container first.'],
  ['runts exec --tty first sh', 'A further shell in it, from another terminal.'],
  ['runts list', 'Show all containers.'],
] as const;

/** File name → text, of all pages. */
export function manualPages(line: CommandLine, edition: Edition): ReadonlyMap<string, string> {
  return new Map([
    ['runts.8', mainPage(line, edition)],
    ...line.commands.map((command) => [`runts-${command.name}.8`, commandPage(command, edition)] as const),
  ]);
}

function mainPage({globals, commands, help}: CommandLine, edition: Edition): string {
  const list = [...commands, help].sort((one, other) => (one.name < other.name ? -1 : 1));
  return page('runts', 'run containers as the Open Container Initiative specifies them', edition, [
    ...[
      '.SH SYNOPSIS',
      `${bold('runts')} [${italic('global options')}] ${italic('command')} [${italic('options')}] [${italic('arguments')}]`,
    ],
    ...['.SH DESCRIPTION', ...paragraphs(ABOUT)],
    '.SH COMMANDS',
    ...list.flatMap(({name, usage, summary}) => tagged(`${bold(name)} ${usageText(usage)}`.trim(), sentence(summary))),
    ...['.SH OPTIONS', ...options(globals)],
    ...['.SH FILES', ...FILES.flatMap(([path, text]) => tagged(italic(path), prose(text)))],
    ...['.SH ENVIRONMENT', ...ENVIRONMENT.flatMap(([name, text]) => tagged(bold(name), prose(text)))],
    ...['.SH EXIT STATUS', ...EXIT_STATUS.flatMap(([code, text]) => tagged(bold(code), prose(text)))],
    ...['.SH EXAMPLES', ...EXAMPLES.flatMap(([command, text]) => tagged(bold(command), prose(text)))],
    '.SH SEE ALSO',
    ...seeAlso([...commands.map(({name}) => `runts-${name}`), 'runc', 'cgroups(7)', 'namespaces(7)']),
  ]);
}

function commandPage(command: CommandPage, edition: Edition): string {
  const {name, usage, summary, description, examples = []} = command;
  return page(`runts-${name}`, summary, edition, [
    ...['.SH SYNOPSIS', `${bold(`runts ${name}`)} [${italic('options')}] ${usageText(usage)}`.trim()],
    ...['.SH DESCRIPTION', ...paragraphs(description.split('\n\n'))],
    ...['.SH OPTIONS', ...options(command.options)],
    ...(examples.length === 0 ? [] : ['.SH EXAMPLES']),
    ...examples.flatMap(([example, text]) => tagged(bold(example), sentence(text))),
    ...['.SH SEE ALSO', ...seeAlso(['runts'])],
  ]);
}

function page(name: string, summary: string, {version, date}: Edition, body: readonly string[]): string {
  return `${[
    '.\\" Generated from the tables of the command line; see scripts/generate-manual.ts.',
    macro('TH', literal(name.toUpperCase()), '8', date, literal(`runts ${version}`), "System Manager's Manual"),
    // Ragged lines without hyphenation: what is to be typed stays in one piece.
    ...['.ad l', '.nh'],
    ...['.SH NAME', `${literal(name)} \\- ${prose(summary)}`],
    ...body,
  ].join('\n')}\n`;
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, index) => (index === 0 ? [prose(text)] : ['.PP', prose(text)]));
}

function options(list: readonly Option[]): string[] {
  return list.flatMap((option) => tagged(optionTag(option), optionText(option)));
}

function optionTag(option: Option): string {
  const names = spellings(option).map(bold).join(', ');
  return option.type === 'boolean' ? names : `${names} ${italic(valueName(option))}`;
}

function valueName({type, path, choices}: Option): string {
  return choices?.join('|') ?? path ?? (type === 'number' ? 'number' : 'value');
}

function optionText({description, type, default: preset}: Option): string {
  const more = [
    ...(preset === undefined ? [] : [`The default is ${preset}.`]),
    ...(type === 'strings' ? ['May be given more than once.'] : []),
  ];
  return [sentence(description), ...more.map(prose)].join('\n');
}

/** The tables' phrases begin small and end without a full stop. */
function sentence(phrase: string): string {
  const begin = /^[a-z]+[ ,]/.test(phrase) ? `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}` : phrase;
  return prose(/[.!?]$/.test(begin) ? begin : `${begin}.`);
}

/** `<container-id> [signal]`: what is to be replaced is italic. */
function usageText(usage: string): string {
  return usage
    .split(/(<[^>]*>|\[[^\]]*\])/)
    .map((part) => {
      const [, open = '', inner = ''] = /^([<[])(.*)[>\]]$/.exec(part) ?? [];
      if (open === '') return literal(part);
      return open === '<' ? italic(inner) : `[${italic(inner)}]`;
    })
    .join('');
}

function seeAlso(names: readonly string[]): string[] {
  return names.map((name, index) => {
    const [, title = '', section = '8'] = /^([^(]+)(?:\((\d)\))?$/.exec(name) ?? [];
    return macro('BR', literal(title), `(${section})${index === names.length - 1 ? '' : ','}`);
  });
}
