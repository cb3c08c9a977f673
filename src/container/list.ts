import {readFileSync} from 'node:fs';

import type {Context} from '../context.ts';
import {messageOf} from '../errors.ts';
import {listIds} from '../state/store.ts';
import {type ContainerState, stateOf} from './state.ts';
import {viewIfAny} from './status.ts';

/** All containers of the state root, sorted by id. One whose state cannot be read is a warning in the log. */
export function list(ctx: Context): ContainerState[] {
  const states: ContainerState[] = [];
  let names: ReadonlyMap<number, string> | undefined;
  for (const id of listIds(ctx)) {
    try {
      const view = viewIfAny(ctx, id);
      if (view === undefined) continue;
      names ??= readUserNames();
      states.push(stateOf(view, names.get(view.record.owner) ?? `#${view.record.owner}`));
    } catch (error) {
      ctx.log.warn(`container ${id}: ${messageOf(error)}, ignoring`);
    }
  }
  return states;
}

/** uid → name, from the host's /etc/passwd (passwd(5)); the first entry of a uid counts. */
function readUserNames(): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  try {
    for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
      const [name, , uid] = line.split(':');
      if (name !== undefined && uid !== undefined && !names.has(Number(uid))) names.set(Number(uid), name);
    }
  } catch {
    // Without names the numbers are shown.
  }
  return names;
}
