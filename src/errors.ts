// Errors as a designed product: what failed, on which object as the user wrote it, why, and what to try.
import {getSystemErrorMap} from 'node:util';

/** A failure that the user gets to read as it stands: one sentence, no stack. */
export class RuntsError extends Error {
  override readonly name: string = 'RuntsError';
  /** Exit code of the command; engines rely on runc's (1, and 255 for exec). */
  readonly exitCode: number;

  constructor(message: string, options: {exitCode?: number; cause?: unknown} = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause});
    this.exitCode = options.exitCode ?? 1;
  }
}

/** One thing wrong with a config: `pointer` is a JSON pointer into the file. */
export interface Problem {
  readonly pointer: string;
  readonly message: string;
}

/** Every problem of one config.json (or other JSON file), one line each. */
export class ConfigError extends RuntsError {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], file = 'config.json') {
    super(problems.map(({pointer, message}) => `${file}#${pointer}: ${message}`).join('\n'));
    this.problems = problems;
  }

  /** The same of another file. */
  in(file: string): ConfigError {
    return new ConfigError(this.problems, file);
  }
}

/** What the addon and Node's own fs throw: the facts of a failed system call. `errno` is negative, as in Node. */
export interface SyscallFacts extends Error {
  readonly errno: number;
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;
  readonly dest?: string;
}

export function isSyscallError(error: unknown): error is SyscallFacts {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

/** True when `error` is a failed system call with one of these codes ("ENOENT"). */
export function hasCode(error: unknown, ...codes: string[]): error is SyscallFacts {
  return isSyscallError(error) && codes.includes(error.code);
}

let systemErrors: Map<number, [string, string]> | undefined;

/** 2 → "ENOENT (no such file or directory)". Takes the errno with either sign. */
export function errnoText(errno: number): string {
  systemErrors ??= getSystemErrorMap();
  const [code, text] = systemErrors.get(-Math.abs(errno)) ?? [`errno ${Math.abs(errno)}`, 'unknown error'];
  return `${code} (${text})`;
}

/** The message of anything thrown, for the user: facts of a system call become "open /x: ENOENT (no such file ...)". */
export function messageOf(error: unknown): string {
  if (error instanceof RuntsError) return error.message;
  if (isSyscallError(error)) {
    const object = [error.path, error.dest].filter((part) => part !== undefined && part !== '').join(' -> ');
    return `${error.syscall}${object === '' ? '' : ` ${object}`}: ${errnoText(error.errno)}`;
  }
  return error instanceof Error ? error.message : String(error);
}
