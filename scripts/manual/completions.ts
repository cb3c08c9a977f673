// Completion for bash, zsh and fish: a hand-written script of each shell beside this file, with the tables of the command
// line put in where it says so.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Option} from '../../src/cli/options.ts';
import {type CommandLine, type CommandPage, spellings} from './tables.ts';

/** File name → text, as the shells' folders of completions want them. */
export function completions(line: CommandLine): ReadonlyMap<string, string> {
  return new Map([
    ['runts.bash', fillIn('runts.bash', {tables: bashTables(line)})],
    ['_runts', fillIn('_runts', zshTables(line))],
    ['runts.fish', fillIn('runts.fish', fishTables(line))],
  ]);
}

/** A line of the script that reads `#NAME#` gives way to that table. */
function fillIn(script: string, tables: Readonly<Record<string, readonly string[]>>): string {
  const text = readFileSync(join(import.meta.dirname, script), 'utf8');
  return text.replace(/^( *)#(\w+)#$/gm, (_, indent: string, name: string) => {
    const lines = tables[name];
    if (lines === undefined) throw new Error(`${script}: there is no table ${name}`);
    return lines.map((line) => `${indent}${line}`).join('\n');
  });
}

const names = (line: CommandLine): string[] => [...line.commands.map(({name}) => name), line.help.name].sort();

// ---- bash

function bashTables(line: CommandLine): string[] {
  return [
    `commands='${names(line).join(' ')}'`,
    `signals='${line.signals.join(' ')}'`,
    'case $1 in',
    `  '') options=(${bashOptions(line.globals)}) arguments=(@command) ;;`,
    ...line.commands.map(bashCommand),
    `  ${line.help.name}) arguments=(@command) ;;`,
    'esac',
  ];
}

function bashCommand({name, options, offers, stopAtArgument}: CommandPage): string {
  const args = offers.map((kind) => (kind === '' ? "''" : `@${kind}`)).join(' ');
  return `  ${name}) options=(${bashOptions(options)}) arguments=(${args})${stopAtArgument === true ? ' stop=1' : ''} ;;`;
}

/** `--debug`, and with a value `--bundle=@directory`, `--format=table,json`, `--user=`. */
function bashOptions(options: readonly Option[]): string {
  return options.flatMap((option) => spellings(option).map((spelling) => spelling + bashValue(option))).join(' ');
}

function bashValue({type, path, choices}: Option): string {
  if (type === 'boolean') return '';
  return `=${choices?.join(',') ?? (path === undefined ? '' : `@${path}`)}`;
}

// ---- zsh

const zshQuote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** In the explanation of an option, or before a colon. */
const zshEscape = (text: string): string => text.replace(/[\\:[\]]/g, '\\$&');

function zshTables(line: CommandLine): Record<string, string[]> {
  const described = [...line.commands, line.help].map(({name, summary}) => zshQuote(`${name}:${zshEscape(summary)}`));
  return {
    commands: described,
    signals: [line.signals.join(' ')],
    globals: line.globals.flatMap(zshOption).map((spec) => `${spec} \\`),
    arguments: line.commands.flatMap(zshCommand),
  };
}

function zshCommand({name, options, offers, stopAtArgument}: CommandPage): string[] {
  const args = offers.map((kind) => zshQuote(kind === '' ? ': : ' : `:${kind}:_runts_${kind}s`));
  const specs = [...options.flatMap(zshOption), ...args, zshQuote('*: : ')];
  return [
    `${name})`,
    `  _arguments -S ${stopAtArgument === true ? "-A '-*' " : ''}\\`,
    ...specs.map((spec, index) => `    ${spec}${index === specs.length - 1 ? ' && return' : ' \\'}`),
    '  ;;',
  ];
}

function zshOption(option: Option): string[] {
  const all = spellings(option);
  // Once is enough, in whichever spelling.
  const excludes = option.type === 'strings' ? '*' : `(${all.join(' ')})`;
  return all.map((spelling) =>
    zshQuote(
      `${excludes}${spelling}${option.type !== 'boolean' && spelling.startsWith('--') ? '=' : ''}` +
        `[${zshEscape(option.description)}]${zshValue(option)}`,
    ),
  );
}

function zshValue({type, path, choices}: Option): string {
  if (type === 'boolean') return '';
  if (choices !== undefined) return `:value:(${choices.join(' ')})`;
  return path === undefined ? ':value: ' : `:${path}:_files${path === 'directory' ? ' -/' : ''}`;
}

// ---- fish

const fishQuote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

function fishTables(line: CommandLine): Record<string, string[]> {
  const valued = [{name: '', options: line.globals}, ...line.commands].flatMap(({name, options}) =>
    options
      .filter(({type}) => type !== 'boolean')
      .flatMap((option) => [option.name, ...(option.alias === undefined ? [] : [option.alias])])
      .map((option) => `'${name} ${option}'`),
  );
  const stopping = line.commands.filter(({stopAtArgument}) => stopAtArgument === true);
  return {
    valued: [`case ${valued.join(' ')}`],
    stopping: [`case ${stopping.map(({name}) => name).join(' ')}`],
    entries: [
      ...[...line.commands, line.help].map(
        ({name, summary}) => `complete -c runts -n __runts_at_command -a ${name} -d ${fishQuote(summary)}`,
      ),
      `complete -c runts -n '__runts_at_argument help 0' -a ${fishQuote(names(line).join(' '))}`,
      ...line.globals.map((option) => fishOption('', option)),
      ...line.commands.flatMap(({name, options, offers}) => [
        ...options.map((option) => fishOption(name, option)),
        ...offers.flatMap((kind, place) => (kind === '' ? [] : [fishArgument(line, name, kind, place)])),
      ]),
    ],
  };
}

function fishOption(command: string, {name, alias, type, path, choices, description}: Option): string {
  const value = choices === undefined ? fishPath(path) : ['-x', '-a', fishQuote(choices.join(' '))];
  return [
    `complete -c runts -n ${fishQuote(`__runts_in_options ${command === '' ? "''" : command}`)}`,
    ...(alias === undefined ? [] : ['-s', alias]),
    ...['-l', name],
    ...(type === 'boolean' ? [] : value),
    ...['-d', fishQuote(description)],
  ].join(' ');
}

function fishPath(path: Option['path']): string[] {
  if (path === undefined) return ['-x'];
  return path === 'file' ? ['-r', '-F'] : ['-x', '-a', "'(__fish_complete_directories)'"];
}

function fishArgument({signals}: CommandLine, command: string, kind: string, place: number): string {
  const words = kind === 'signal' ? signals.join(' ') : '(__runts_containers)';
  return `complete -c runts -n '__runts_at_argument ${command} ${place}' -a ${fishQuote(words)}`;
}
