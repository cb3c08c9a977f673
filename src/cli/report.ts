// How the end of a command reaches the caller: results on stdout, the error in the log and on stderr, an exit code.
import {hasCode, isSyscallError, messageOf, RuntsError} from '../errors.ts';
import {createLogger, type LogOptions, openLogFile, printable} from '../log.ts';
import type {Output} from '../write.ts';
import type {GlobalValues} from './globals.ts';
import type {Command} from './options.ts';

export type LogTarget = Omit<LogOptions, 'warnings'>;

interface Streams {
  readonly stdout: number;
  readonly stderr: number;
  readonly now: () => Date;
  readonly output: Output;
}

/** Opens what the global flags name as log. When that fails, errors go to stderr and `error` is the first of them. */
export function openLog(streams: Streams, values: GlobalValues): {target: LogTarget; error: RuntsError | undefined} {
  const {log: path, debug} = values;
  // A format that is none was reported already.
  const format = values['log-format'] === 'json' ? 'json' : 'text';
  const stderr: LogTarget = {
    fd: streams.stderr,
    isStderr: true,
    format,
    debug,
    now: streams.now,
    output: streams.output,
  };
  if (path === undefined || path === '') return {target: stderr, error: undefined};
  try {
    return {target: {...stderr, fd: openLogFile(path), isStderr: false}, error: undefined};
  } catch (error) {
    return {target: stderr, error: new RuntsError(`--log: ${messageOf(error)}`, {cause: error})};
  }
}

type Failing = Pick<Command, 'failure' | 'failureExitCode'>;

/** Tells the final error, once, and returns the exit code. `command` is the one that was running, if any. */
export function reportError(streams: Streams, target: LogTarget, error: unknown, command: Failing = {}): number {
  const text = isExpected(error) ? messageOf(error) : internalErrorText(error);
  const message = command.failure === undefined ? text : `${command.failure}: ${text}`;
  const logger = createLogger({...target, warnings: true});
  if (error instanceof Error && error.stack !== undefined) logger.debug(error.stack);
  logger.error(message);
  if (!target.isStderr) printQuietly(streams.output, streams.stderr, `${printable(message)}\n`);
  return command.failureExitCode ?? (error instanceof RuntsError ? error.exitCode : 1);
}

function isExpected(error: unknown): boolean {
  return error instanceof RuntsError || isSyscallError(error);
}

function internalErrorText(error: unknown): string {
  return `unexpected ${String(error)}: this is a defect of runts, please report it (--debug shows where it happened)`;
}

/** Prints a result. A reader that has gone away (EPIPE) is no error to talk about: false. */
export function print(output: Output, fd: number, text: string): boolean {
  try {
    output.write(fd, text);
    return true;
  } catch (error) {
    if (hasCode(error, 'EPIPE')) return false;
    throw new RuntsError(`cannot write to standard output: ${messageOf(error)}`, {cause: error});
  }
}

/** For what accompanies an error: that it cannot be printed must not hide the error. */
export function printQuietly(output: Output, fd: number, text: string): void {
  try {
    output.write(fd, text);
  } catch {
    // Nobody listens.
  }
}
