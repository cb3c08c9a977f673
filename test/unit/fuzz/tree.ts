// JSON as a tree that can hold what JSON.stringify cannot write: members with the same name, numbers as they are spelled,
// and text that is no JSON.

/** A scalar is its text. */
export type Tree = string | {readonly items: readonly Tree[]} | {readonly members: readonly Member[]};
export type Member = readonly [name: string, value: Tree];

/** The tree of a document that parseJson gave. */
export function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return {items: value.map(treeOf)};
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return {members: Object.entries(value).map(([name, member]) => [name, treeOf(member)])};
}

export function textOf(tree: Tree): string {
  const parts: string[] = [];
  // Not recursive: trees may be deeper than the stack.
  const pending: Tree[] = [tree];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') parts.push(next);
    else if ('items' in next) pending.push(']', ...separated(next.items.map((item) => [item])).reverse(), '[');
    else {
      const members = next.members.map(([name, value]): Tree[] => [`${JSON.stringify(name)}:`, value]);
      pending.push('}', ...separated(members).reverse(), '{');
    }
  }
  return parts.join('');
}

const separated = (groups: readonly Tree[][]): Tree[] =>
  groups.flatMap((group, index) => (index === 0 ? group : [',', ...group]));

export const childrenOf = (tree: Tree): readonly Tree[] => {
  if (typeof tree === 'string') return [];
  return 'items' in tree ? tree.items : tree.members.map(([, value]) => value);
};

/** The tree with its child `index` replaced by those of `change`: none deletes it, two or more go side by side. */
export function withChild(tree: Tree, index: number, change: (member: Member) => readonly Member[]): Tree {
  if (typeof tree === 'string') return tree;
  if ('items' in tree) {
    return {items: tree.items.flatMap((item, at) => (at === index ? change(['', item]).map(([, it]) => it) : [item]))};
  }
  return {members: tree.members.flatMap((member, at) => (at === index ? change(member) : [member]))};
}
