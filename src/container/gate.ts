// The gate between `create` and `start`: two fifos in the state directory. runts-init holds both and waits for a byte
// on exec.fifo, which exists as long as the container is `created`. On result.fifo it tells a failure; the end of that
// file, as its copy is close-on-exec, means that the user's program has taken over.
import {closeSync, constants, existsSync, openSync, rmSync, writeSync} from 'node:fs';
import {join} from 'node:path';

import {hasCode} from '../errors.ts';
import type {Native} from '../native.ts';
import type {Descriptors} from './descriptors.ts';

export interface Gate {
  /** fds for the `gate` step. */
  readonly read: number;
  readonly report: number;
}

const OPENER = 'exec.fifo';
const RESULT = 'result.fifo';

/** Makes and opens the fifos; they go away with the state directory. */
export function makeGate(native: Pick<Native, 'mkfifo'>, directory: string, descriptors: Descriptors): Gate {
  return {
    read: descriptors.add(makeFifo(native, join(directory, OPENER))),
    report: descriptors.add(makeFifo(native, join(directory, RESULT))),
  };
}

/** Read-write: opening does not wait for a peer, and runts-init sees no end of file before `start` comes. */
function makeFifo(native: Pick<Native, 'mkfifo'>, path: string): number {
  native.mkfifo(path, 0o600);
  return openSync(path, constants.O_RDWR);
}

/** Whether the container waits to be started (if it is alive at all). */
export function isGateClosed(directory: string): boolean {
  return existsSync(join(directory, OPENER));
}

/** Lets runts-init go on. Returns the fd to read the result from, which the caller closes; undefined when nobody waits
 * at the gate. */
export function openGate(directory: string): number | undefined {
  const result = openSync(join(directory, RESULT), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const opener = openSync(join(directory, OPENER), constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      writeSync(opener, '0');
      // At once: whoever kills us now leaves a container that is seen to run.
      rmSync(join(directory, OPENER), {force: true});
    } finally {
      closeSync(opener);
    }
    return result;
  } catch (error) {
    closeSync(result);
    // ENXIO: no reader; EPIPE: it went just now.
    if (hasCode(error, 'ENXIO', 'EPIPE')) return undefined;
    throw error;
  }
}

/** When it has served. */
export function removeGate(directory: string): void {
  rmSync(join(directory, OPENER), {force: true});
  rmSync(join(directory, RESULT), {force: true});
}
