import type {Context} from '../context.ts';
import {messageOf, RuntsError} from '../errors.ts';
import {listIds} from '../state/store.ts';

/** Does `action` with every container whose id has a match of the regular expression; none is fine. One that fails does not
 * stop the others: at the end all failures are thrown together. */
export function forEachMatching(ctx: Context, pattern: string, action: (id: string) => void): void {
  const expression = compile(pattern);
  const failures: string[] = [];
  for (const id of listIds(ctx).filter((name) => expression.test(name))) {
    try {
      action(id);
    } catch (error) {
      failures.push(`${id}: ${messageOf(error)}`);
    }
  }
  if (failures.length > 0) throw new RuntsError(failures.join('\n'));
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (error) {
    throw new RuntsError(`--regex ${JSON.stringify(pattern)}: ${messageOf(error)}`, {cause: error});
  }
}
