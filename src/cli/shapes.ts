// What `state` and `list` print, to the byte as runc prints it: scripts and engines parse these.
import type {ContainerState} from '../container/state.ts';

/** The keys in runc's order. */
function document(state: ContainerState): object {
  const {ociVersion, id, pid, status, bundle, rootfs, created, annotations, owner} = state;
  const hasAnnotations = annotations !== undefined && Object.keys(annotations).length > 0;
  const sorted = hasAnnotations ? {annotations: Object.fromEntries(Object.entries(annotations).sort(byKey))} : {};
  return {ociVersion, id, pid, status, bundle, rootfs, created, ...sorted, owner};
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** `state`: two spaces, no newline at the end. */
export function stateJson(state: ContainerState): string {
  return JSON.stringify(document(state), null, 2);
}

/** `list --format json`: one line; `null` when there is none. */
export function listJson(states: readonly ContainerState[]): string {
  return `${states.length === 0 ? 'null' : JSON.stringify(states.map(document))}\n`;
}

export function listIds(states: readonly ContainerState[]): string {
  return states.map(({id}) => `${id}\n`).join('');
}

const HEADER = ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'] as const;

export function listTable(states: readonly ContainerState[]): string {
  const rows = states.map(({id, pid, status, bundle, created, owner}) => [id, pid, status, bundle, created, owner]);
  return table([HEADER, ...rows.map((row) => row.map(String))]);
}

const MIN_WIDTH = 12;
const PADDING = 3;

/** Columns as Go's tabwriter(12, 1, 3) sets them; the last one is not padded. */
function table(rows: readonly (readonly string[])[]): string {
  const columns = HEADER.length - 1;
  const widths = Array.from({length: columns}, (_, column) =>
    Math.max(MIN_WIDTH, ...rows.map((row) => width(row[column] ?? '') + PADDING)),
  );
  const pad = (cell: string, column: number): string =>
    cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
  return rows.map((row) => `${row.map(pad).join('')}\n`).join('');
}

const width = (cell: string): number => [...cell].length;
