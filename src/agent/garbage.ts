// What calls leave in the heap. V8 lets it grow to twice what is alive before it looks, and does so in the middle of a call;
// between two calls hardly anything is alive, and so it takes 2 or 3 ms, for which nobody waits. The young generation alone, which a
// call fills to a tenth or a quarter, takes 0.3 ms.

const EVERY = 64;
const YOUNG_EVERY = 2;

type Gc = (options?: {readonly type: 'minor'}) => void;

/** To be called after each call. */
export type Collector = () => void;

export function createCollector(): Collector {
  let collect: Gc | undefined;
  let calls = 0;
  return () => {
    calls++;
    if (calls % YOUNG_EVERY !== 0) return;
    collect ??= collectorOfHost();
    if (calls % EVERY === 0) collect();
    else collect({type: 'minor'});
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
