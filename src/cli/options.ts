// The declarative tables of the command line. Parsing, help, completion and man pages all read these, so that an option
// exists in one place only.
import type {Foreground} from '../container/foreground.ts';
import type {Context} from '../context.ts';

export type OptionType = 'string' | 'boolean' | 'number' | 'strings';

export interface Option {
  readonly name: string;
  /** One letter. */
  readonly alias?: string;
  /** `number` is a whole number; `strings` may be given more than once. */
  readonly type: OptionType;
  readonly default?: string | number | boolean;
  /** Of a boolean: that it was not given is neither true nor false. */
  readonly threeState?: true;
  readonly choices?: readonly string[];
  /** The error for a value outside `choices`, where engines or scripts know a certain text. */
  readonly choiceError?: (value: string) => string;
  readonly description: string;
  /** The value is a path of the host to one of these: what completion offers. */
  readonly path?: 'file' | 'directory';
  /** Accepted, but left out of help, manual and completion. */
  readonly hidden?: boolean;
}

interface TypeMap {
  string: string;
  boolean: boolean;
  number: number;
  strings: readonly string[];
}

type ValueOf<O extends Option> = O extends {readonly choices: readonly (infer Choice)[]} ? Choice : TypeMap[O['type']];

type IsAlwaysSet<O extends Option> = O extends {readonly threeState: true}
  ? false
  : O extends {readonly type: 'boolean' | 'strings'} | {readonly default: unknown}
    ? true
    : false;

/** What parsing gives for a table: undefined only where an option has no default and was not given. */
export type Values<Options extends readonly Option[]> = {
  readonly [O in Options[number] as O['name']]: ValueOf<O> | (IsAlwaysSet<O> extends true ? never : undefined);
};

/** How many arguments a command takes, besides its options. */
export interface Arity {
  readonly min: number;
  /** undefined: any number. */
  readonly max: number | undefined;
}

export interface CommandInput<Options extends readonly Option[]> {
  readonly options: Values<Options>;
  readonly args: readonly string[];
  /** --root was given, so a missing directory is a mistake. */
  readonly rootGiven: boolean;
  readonly systemdCgroup: boolean;
  /** Effective ids of the caller. */
  readonly caller: {readonly uid: number; readonly gid: number};
}

/** What the command line does after a command: stay with a program, print to stdout, exit with a code (0 by default). */
export interface CommandResult {
  readonly output?: string;
  readonly exitCode?: number;
  /** A program that runs, to stay with until it ends: its exit code is ours. */
  readonly foreground?: Foreground | undefined;
}

export interface Command<Options extends readonly Option[] = readonly Option[]> {
  readonly name: string;
  /** The arguments as help shows them: `<container-id> [signal]`. */
  readonly usage: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** The paragraphs of the command's own help. */
  readonly description: string;
  readonly examples?: readonly (readonly [command: string, explanation: string])[];
  readonly arity: Arity;
  /** `<container-id>` is the name of a container that is yet to be: completion has nothing to offer. */
  readonly newContainer?: boolean;
  readonly options: Options;
  /** Everything from the first argument on is an argument, even when it looks like an option. */
  readonly stopAtArgument?: boolean;
  /** Engines parse this command's stdout and stderr together: no warning may appear on stderr. */
  readonly machineReadable?: boolean;
  /** What every error of `run` begins with: `runts create failed`. */
  readonly failure?: string;
  /** Exit code of every error of `run`, where it is not the error's own. */
  readonly failureExitCode?: number;
  run(context: Context, input: CommandInput<Options>): Promise<CommandResult>;
}

/** Checks a command against its own table: `run` sees the options' exact types. */
export function defineCommand<const Options extends readonly Option[]>(command: Command<Options>): Command {
  return command as unknown as Command;
}

/** Same for a table of its own. */
export function defineOptions<const Options extends readonly Option[]>(options: Options): Options {
  return options;
}

/** Not a table: the command line itself answers it. */
export const helpCommand = {name: 'help', usage: '[command]', summary: 'show help of runts or of a command'} as const;

/** Every command has it. */
export const helpOption = {
  name: 'help',
  alias: 'h',
  type: 'boolean',
  description: 'show help',
} as const satisfies Option;
