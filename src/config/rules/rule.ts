// What a rule is: a check across properties that a schema cannot say.
import type {Config, NamespaceType} from '../../generated/config.ts';

export interface Report {
  problem(pointer: string, message: string): void;
  warning(pointer: string, message: string): void;
}

export interface Rule {
  /** JSON pointers of all that `check` looks at: it runs only when the schema has found nothing wrong there. */
  readonly reads: readonly string[];
  readonly check: (config: Config, report: Report) => void;
}

/** How the config asks for a namespace: a new one, one joined by path, or none (the runtime's own). */
export function namespaceOf(config: Config, type: NamespaceType): 'new' | 'joined' | 'none' {
  const namespace = config.linux?.namespaces?.find((candidate) => candidate.type === type);
  if (namespace === undefined) return 'none';
  return namespace.path === undefined ? 'new' : 'joined';
}

/** Calls `report` with each item whose key an earlier item had, and that item's index. */
export function eachDuplicate<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  report: (item: Item, index: number, first: number) => void,
): void {
  const seen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const first = seen.get(keyOf(item));
    if (first === undefined) seen.set(keyOf(item), index);
    else report(item, index, first);
  }
}
