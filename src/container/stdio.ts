// What becomes the standard streams of the container.
import type {Context} from '../context.ts';
import type {Descriptors} from './descriptors.ts';
import {closeQuietly} from './descriptors.ts';
import type {UndoStack} from './rollback.ts';

export interface Stdio {
  readonly theirs: readonly [number, number, number];
  /** Our ends of pipes that supervise() relays to the caller's streams and closes; empty without pipes. */
  readonly ours: readonly number[];
}

/** The caller's own streams, for whoever detaches, and where a terminal takes their place later. */
export function callersStdio({stdin, stdout, stderr}: Context): Stdio {
  return {theirs: [stdin, stdout, stderr], ours: []};
}

/** Pipes, for a container in the foreground without a terminal: with the caller's streams themselves it could change the
 * owner of his terminal or log file, and open them again. `descriptors` closes its ends, `undo` ours. */
export function pipedStdio({native}: Context, descriptors: Descriptors, undo: UndoStack): Stdio {
  const pipes = [native.makePipe(), native.makePipe(), native.makePipe()] as const;
  const [input, output, error] = pipes;
  for (const fd of [input.read, output.write, error.write]) descriptors.add(fd);
  const ours = [input.write, output.read, error.read];
  undo.push('close the pipes', () => {
    for (const fd of ours) closeQuietly(fd);
  });
  return {theirs: [input.read, output.write, error.write], ours};
}
