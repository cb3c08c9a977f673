// The command line as a function: caller → exit code. Everything that belongs to the process comes in through Caller.
import type {Foreground} from '../container/foreground.ts';
import type {Context} from '../context.ts';
import {messageOf, RuntsError} from '../errors.ts';
import {isAdministrator, isInUserNamespace} from '../host/privileges.ts';
import {createLogger, type Logger} from '../log.ts';
import type {Native} from '../native.ts';
import type {Output} from '../write.ts';
import {loadCommand, unsupportedCommands} from './commands/index.ts';
import {type GlobalValues, globalOptions, resolveRoot, resolveRootless} from './globals.ts';
import {FAILURE, type Launch, readLaunch} from './launch.ts';
import {type Command, helpOption} from './options.ts';
import {type Parsed, parse} from './parse.ts';
import {type LogTarget, openLog, print, printQuietly, reportError} from './report.ts';
import {argumentCountError, UsageError} from './usage-error.ts';

/** The process that runts was started as. */
export interface Caller {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
  readonly pid: number;
  /** Effective ids. */
  readonly uid: number;
  readonly gid: number;
  /** Throws when the directory has been removed, which is nobody's business until a relative path is used. */
  readonly cwd: () => string;
  readonly now: () => Date;
  readonly libexec: string;
  /** What writes to stdout and stderr. */
  readonly output: Output;
  /** Stays with a program in the foreground; returns the exit code. */
  readonly stay: (context: Context, foreground: Foreground, globals: readonly string[]) => number | Promise<number>;
  /** Called when a command first needs the addon. */
  readonly loadNative: () => Native;
}

/** What is known so far: errors are told with as much of it as there is. */
interface Session {
  readonly caller: Caller;
  readonly log: LogTarget;
  command?: Command;
  /** The same once its arguments have been found in order. */
  running?: Command;
}

/** Runs one command line to its end and returns the exit code. Never throws. */
export async function runCli(caller: Caller): Promise<number> {
  const globals = parse(caller.argv, globalOptions, {scope: 'global', stopAtArgument: true});
  const {target, error} = openLog(caller, globals.values);
  const session: Session = {caller, log: target};
  try {
    const mistake = globals.error ?? error;
    if (mistake !== undefined) throw mistake;
    return await dispatch(session, globals);
  } catch (error) {
    if (error instanceof UsageError) await printUsage(session, error).catch(() => {});
    return reportError(caller, session.log, error, session.running);
  }
}

async function dispatch(session: Session, globals: Parsed<typeof globalOptions>): Promise<number> {
  const [name = '', ...rest] = globals.args;
  const {version, help: wantsHelp} = globals.values;
  if (wantsHelp || (name === '' && !version)) return output(session, await help());
  if (version) return output(session, (await import('./version.ts')).versionText());
  if (name === 'help' || name === 'h') return output(session, await helpOn(rest[0]));
  session.command = await requireCommand(name);
  return runCommand(session, session.command, rest, globals.values);
}

async function runCommand(
  session: Session,
  command: Command,
  argv: readonly string[],
  globals: GlobalValues,
): Promise<number> {
  const options = [...command.options, helpOption] as const;
  const parsed = parse(argv, options, {scope: 'command', stopAtArgument: command.stopAtArgument ?? false});
  if (parsed.error !== undefined) throw parsed.error;
  if (parsed.values['help'] === true) return output(session, await help(command));
  checkArity(command, parsed.args.length);

  const {caller} = session;
  const log = createLogger({...session.log, warnings: command.machineReadable !== true});
  const context = createContext(caller, globals, log, readLaunch(caller.environment));
  session.running = command;
  // All that is left to do of a call that the agent has broken off.
  if (caller.environment[FAILURE] !== undefined) throw new RuntsError(caller.environment[FAILURE]);
  const result = await command.run(context, {
    options: parsed.values,
    args: parsed.args,
    rootGiven: globals.root !== undefined,
    systemdCgroup: globals['systemd-cgroup'],
    caller: {uid: caller.uid, gid: caller.gid},
  });
  if (result.foreground !== undefined) return caller.stay(context, result.foreground, globalsOf(caller, argv));
  const code = result.exitCode ?? 0;
  return result.output === undefined ? code : output(session, result.output, code);
}

/** The flags before the command. */
function globalsOf({argv}: Caller, rest: readonly string[]): readonly string[] {
  return argv.slice(0, argv.length - rest.length - 1);
}

function createContext(caller: Caller, globals: GlobalValues, log: Logger, launch: Launch): Context {
  const {stdin, stdout, stderr, pid, now, libexec, uid} = caller;
  const surroundings = {
    uid,
    env: launch.env,
    get cwd(): string {
      return currentDirectory(caller);
    },
    get inUserNamespace(): boolean {
      return isInUserNamespace();
    },
    get isAdministrator(): boolean {
      return isAdministrator();
    },
  };
  return {
    ...{stdin, stdout, stderr, pid, now, libexec, log, env: launch.env, launch: launch.facts},
    get root() {
      return resolveRoot(globals.root, surroundings);
    },
    get rootless() {
      return resolveRootless(globals.rootless, surroundings);
    },
    get cwd() {
      return surroundings.cwd;
    },
    get native() {
      return caller.loadNative();
    },
  };
}

function currentDirectory(caller: Caller): string {
  try {
    return caller.cwd();
  } catch (error) {
    throw new RuntsError(`the current directory cannot be found, it may have been removed: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function requireCommand(name: string): Promise<Command> {
  const reason = Object.hasOwn(unsupportedCommands, name) ? unsupportedCommands[name] : undefined;
  if (reason !== undefined) throw new RuntsError(`runts: ${JSON.stringify(name)} ${reason}`);
  const command = await loadCommand(name);
  if (command === undefined) throw new RuntsError(`No help topic for '${name}'`, {exitCode: 3});
  return command;
}

function checkArity({name, arity: {min, max}}: Command, count: number): void {
  if (min === max && count !== min) throw argumentCountError(name, `exactly ${min}`);
  if (count < min) throw argumentCountError(name, `a minimum of ${min}`);
  if (max !== undefined && count > max) throw argumentCountError(name, `a maximum of ${max}`);
}

async function helpOn(topic: string | undefined): Promise<string> {
  return help(topic === undefined || topic === 'help' ? undefined : await requireCommand(topic));
}

async function help(command?: Command): Promise<string> {
  const {mainHelp, commandHelp} = await import('./help.ts');
  return command === undefined ? mainHelp() : commandHelp(command);
}

/** What comes with a mistake in the command line; the mistake itself is told in any case. */
async function printUsage({caller, command}: Session, {heading}: UsageError): Promise<void> {
  printQuietly(caller.output, caller.stdout, `${heading}\n\n${await help(command)}`);
}

function output(session: Session, text: string, code = 0): number {
  return print(session.caller.output, session.caller.stdout, text) ? code : 1;
}
