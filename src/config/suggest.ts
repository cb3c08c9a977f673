// "did you mean": the known name that is nearest to what was written.

/** The name of `known` that `written` most likely means, if any is near enough. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  if (written.length > 64) return undefined;
  const lower = written.toLowerCase();
  const sameButForCase = known.find((name) => name.toLowerCase() === lower);
  if (sameButForCase !== undefined) return sameButForCase;
  // "NET_ADMIN" for CAP_NET_ADMIN, "net" for network.
  const part = known.filter(
    (name) => name.toLowerCase().endsWith(`_${lower}`) || startsAlike(name.toLowerCase(), lower),
  );
  if (part.length === 1) return part[0];

  const limit = Math.max(1, Math.floor(written.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const name of known) {
    if (Math.abs(name.length - written.length) >= bestDistance) continue;
    const distance = editDistance(lower, name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** `; did you mean "x"?`, or nothing. */
export function didYouMean(written: string, known: readonly string[]): string {
  const name = nearest(written, known);
  return name === undefined ? '' : `; did you mean "${name}"?`;
}

const startsAlike = (name: string, written: string): boolean => written.length >= 3 && name.startsWith(written);

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
