// Mistakes in the command line itself: the caller gets the help of what it tried to use, on stdout, and the error.
import {RuntsError} from '../errors.ts';

/** The `heading` is the first line of what goes to stdout, in runc's wording. */
export class UsageError extends RuntsError {
  override readonly name = 'UsageError';
  readonly heading: string;

  constructor(message: string, heading: string) {
    super(message);
    this.heading = heading;
  }
}

/** A bad flag: runc puts a full stop after "Usage" before the command and a colon after it. */
export function flagError(message: string, scope: 'global' | 'command'): UsageError {
  return new UsageError(message, `Incorrect Usage${scope === 'global' ? '.' : ':'} ${message}`);
}

export function argumentCountError(command: string, text: string): UsageError {
  return new UsageError(`runts: ${JSON.stringify(command)} requires ${text} argument(s)`, 'Incorrect Usage.');
}
