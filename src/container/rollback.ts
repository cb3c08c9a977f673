// Undoing what a command has begun, in reverse. The first error is the one that is told; a failing clean-up only adds
// a warning to it.
import {messageOf} from '../errors.ts';
import type {Logger} from '../log.ts';

interface Entry {
  /** For the warning: "remove the cgroup". */
  readonly what: string;
  readonly undo: () => void;
}

export interface UndoStack {
  push(what: string, undo: () => void): void;
  /** Undoes everything, the latest first; each entry once, whatever the others do. */
  rollBack(log: Pick<Logger, 'warn'>): void;
}

export function createUndoStack(): UndoStack {
  const entries: Entry[] = [];
  return {
    push(what, undo) {
      entries.push({what, undo});
    },
    rollBack(log) {
      for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
        try {
          entry.undo();
        } catch (error) {
          log.warn(`cannot ${entry.what} after the failure: ${messageOf(error)}, ignoring`);
        }
      }
    },
  };
}
