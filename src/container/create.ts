import type {Context} from '../context.ts';
import {release} from '../state/store.ts';
import {letGo} from './init-process.ts';
import {type CreateOptions, launch} from './launch.ts';

export type {CreateOptions} from './launch.ts';

/** Creates a container whose program waits for start(). Throws RuntsError (or what a system call failed with) after
 * having undone everything. */
export function create(ctx: Context, id: string, options: CreateOptions): void {
  const {directory, init} = launch(ctx, id, options, {detached: true, gated: true});
  letGo(init);
  release(directory);
}
