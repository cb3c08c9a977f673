// Help texts, laid out by yargs from the same tables that parsing uses. yargs is large, so this file is loaded only when
// somebody wants to read.
import type {Options as YargsOptions} from 'yargs';
import {loadAllCommands} from './commands/index.ts';
import {globalOptions} from './globals.ts';
import {type Command, helpCommand, helpOption, type Option} from './options.ts';

const WIDTH = 100;

const INTRODUCTION = `runts runs containers packaged in the OCI format: a bundle is a directory with a configuration named
config.json and a root filesystem, and runts makes the kernel run it.

Usage: runts [global options] command [options] [arguments]`;

/** Help of runts as a whole. */
export async function mainHelp(): Promise<string> {
  const summaries = [...(await loadAllCommands()), helpCommand].map(
    ({name, usage, summary}) => [`${name} ${usage}`.trim(), summary] as const,
  );
  return layOut(INTRODUCTION, globalOptions, summaries.sort());
}

/** Help of one command. */
export async function commandHelp(command: Command): Promise<string> {
  const usage = ['Usage: runts', command.name, '[options]', command.usage].filter((part) => part !== '').join(' ');
  return layOut(`${usage}\n\n${command.description}`, [...command.options, helpOption], [], command.examples);
}

async function layOut(
  usage: string,
  options: readonly Option[],
  commands: readonly (readonly [name: string, summary: string])[],
  examples: Command['examples'] = [],
): Promise<string> {
  return withoutStreams(async () => {
    const {default: yargs} = await import('yargs');
    const parser = yargs([]).locale('en').scriptName('runts').usage(usage).wrap(WIDTH).help(false).version(false);
    for (const [name, summary] of commands) parser.command(name, summary);
    for (const option of options) parser.option(option.name, toYargs(option));
    for (const [command, explanation] of examples) parser.example(command, explanation);
    return `${(await parser.getHelp()).trimEnd()}\n`;
  });
}

function toYargs(option: Option): YargsOptions {
  return {
    type: option.type === 'strings' ? 'array' : option.type,
    description: option.description,
    requiresArg: option.type !== 'boolean',
    hidden: option.hidden ?? false,
    ...(option.alias === undefined ? {} : {alias: option.alias}),
    ...(option.choices === undefined ? {} : {choices: option.choices}),
    ...(option.default === undefined ? {} : {default: option.default}),
  };
}

/** yargs looks at process.stdout for its width, and makes sure of both streams when it prints. Looking is enough for Node to
 * make the caller's pipe or terminal non-blocking, so it gets to see something else. */
async function withoutStreams<Result>(action: () => Promise<Result>): Promise<Result> {
  const restore = (['stdout', 'stderr'] as const).map(hideStream);
  try {
    return await action();
  } finally {
    for (const undo of restore) undo();
  }
}

function hideStream(name: 'stdout' | 'stderr'): () => void {
  const original = Object.getOwnPropertyDescriptor(process, name);
  Object.defineProperty(process, name, {value: {columns: WIDTH}, configurable: true});
  return () => {
    if (original !== undefined) Object.defineProperty(process, name, original);
  };
}
