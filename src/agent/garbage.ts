// What calls leave in the heap. V8 looks when its young generation is full, or when the heap has grown to twice what is alive, and
// both in the middle of a call. When nobody has called for a moment the one takes 0.3 ms, and the other 2 or 3, for which nobody waits.

/** Calls after which all of the heap is looked at when there is time, and whether there is or not. */
const MANY = 32;
const TOO_MANY = 64;

type Gc = (options?: {readonly type: 'minor'}) => void;

export interface Collector {
  /** To be called after each call. */
  count(): void;
  /** Whether there is anything for collect(). */
  readonly isDue: boolean;
  /** For a lull. */
  collect(): void;
}

export function createCollector(): Collector {
  let gc: Gc | undefined;
  let isDue = false;
  let calls = 0;
  const collectAll = (): void => {
    gc ??= collectorOfHost();
    gc();
    calls = 0;
    isDue = false;
  };
  return {
    get isDue() {
      return isDue;
    },
    count() {
      isDue = true;
      if (++calls >= TOO_MANY) collectAll();
    },
    collect() {
      if (calls >= MANY) return collectAll();
      gc ??= collectorOfHost();
      gc({type: 'minor'});
      isDue = false;
    },
  };
}

/** V8 has it for contexts that are made while the flag is set. The flag may not stay: the code caches, which the commands are
 * still to be loaded from, are for the flags that they were made with. Other hosts do not have it, and collect by themselves. */
function collectorOfHost(): Gc {
  if (process.versions['bun'] !== undefined) return () => {};
  // Not imported: no other command needs them.
  const {setFlagsFromString} = process.getBuiltinModule('node:v8');
  setFlagsFromString('--expose-gc');
  try {
    return process.getBuiltinModule('node:vm').runInNewContext('gc') as Gc;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
