// What went wrong, in criu's own words: the first error of its log.
import {readFileSync} from 'node:fs';

/** `(00.000575) Error (criu/vdso.c:381): vdso: Unexpected ...`, with the pid of a task before it in a restore. */
const ERROR = /^(?:\([0-9.]+\))?\s*(?:[0-9]+:\s*)?(Error \(.*)$/m;

/** The first error in the text of a log, without time and pid. */
export function firstError(log: string): string | undefined {
  return ERROR.exec(log)?.[1]?.trim();
}

/** The same of a log file; undefined when it cannot be read, or has none. */
export function firstErrorOf(path: string | number): string | undefined {
  try {
    return firstError(readFileSync(path, 'utf8'));
  } catch {
    // It only explains an error that is told in any case.
    return undefined;
  }
}
