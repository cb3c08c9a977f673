// "did you mean": the known name that is nearest to what was written.

/** The name of `known` that `written` most likely means, if any is near enough. What all names begin with ("CAP_") says
 * nothing and may be missing. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  if (written.length > 64) return undefined;
  const prefix = commonPrefix(known).toLowerCase();
  const lower = written.toLowerCase();
  const wanted = lower.startsWith(prefix) ? lower.slice(prefix.length) : lower;
  const candidates = known.map((name) => ({name, text: name.toLowerCase().slice(prefix.length)}));
  const exact = candidates.find(({text}) => text === wanted);
  if (exact !== undefined) return exact.name;
  // "net" for network.
  const longer = candidates.filter(({text}) => wanted.length >= 3 && text.startsWith(wanted));
  return longer.length === 1 ? longer[0]?.name : closest(wanted, candidates);
}

function closest(wanted: string, candidates: readonly {name: string; text: string}[]): string | undefined {
  let best: string | undefined;
  // A third of the letters may be wrong, but not all of them.
  let bestDistance = Math.min(Math.max(1, Math.floor(wanted.length / 3)), wanted.length - 1) + 1;
  for (const {name, text} of candidates) {
    if (Math.abs(text.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, text);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** What all names begin with: "CAP_". */
export function commonPrefix(names: readonly string[]): string {
  let prefix = names[0] ?? '';
  while (!names.every((name) => name.startsWith(prefix))) prefix = prefix.slice(0, -1);
  return prefix;
}

/** `; did you mean "x"?`, or nothing. */
export function didYouMean(written: string, known: readonly string[]): string {
  const name = nearest(written, known);
  return name === undefined ? '' : `; did you mean "${name}"?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b` (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({length: b.length + 1}, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      line[column] = Math.min(
        at(last, column) + 1,
        at(line, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = last;
    last = line;
  }
  return at(last, b.length);
}

const at = (line: readonly number[], column: number): number => line[column] ?? Number.POSITIVE_INFINITY;
