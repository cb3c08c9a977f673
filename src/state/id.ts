// Container ids: they become file names below the state root and parts of cgroup names, so the rule is strict.
import {RuntsError} from '../errors.ts';

const MAX_LENGTH = 1024;
const ID = /^[A-Za-z0-9_+.-]+$/;

export function isValidId(id: string): boolean {
  return id.length <= MAX_LENGTH && ID.test(id) && id !== '.' && id !== '..';
}

/** Throws unless `id` may name a container (letters, digits and `_+.-`, at most 1024 of them, neither `.` nor `..`). */
export function validateId(id: string): void {
  if (id === '') throw new RuntsError('container id cannot be empty');
  if (isValidId(id)) return;
  const shown = id.length > 80 ? `${id.slice(0, 77)}...` : id;
  throw new RuntsError(
    `invalid container ID format: ${JSON.stringify(shown)}: allowed are letters, digits and _+.-, ` +
      `at most ${MAX_LENGTH} of them, but neither "." nor ".."`,
  );
}
