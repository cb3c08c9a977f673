// Ids that the host's administrator has given to a user beyond his own: /etc/subuid and /etc/subgid, subuid(5).
import {readFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {hasCode, isSyscallError} from '../errors.ts';
import type {IdKind} from './id-kinds.ts';

export interface Range {
  readonly first: number;
  readonly count: number;
}

/** A line `owner:first:count`. */
export interface Grant extends Range {
  readonly owner: string;
}

export interface User {
  readonly uid: number;
  readonly gid: number;
  /** Undefined for a uid without an entry in /etc/passwd, or wherever else users are looked up. */
  readonly name: string | undefined;
}

/** Where a first range usually begins, and how long it is (login.defs(5), SUB_UID_MIN and SUB_UID_COUNT). */
const USUAL: Range = {first: 100_000, count: 65_536};

/** Who this process is. */
export function readUser(): User {
  const {uid, gid} = {uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0};
  try {
    return {uid, gid, name: userInfo().username};
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    return {uid, gid, name: undefined};
  }
}

/** Every line of the file; none when it is not there. */
export function readGrants({grants}: Pick<IdKind, 'grants'>): readonly Grant[] {
  try {
    return parseGrants(readFileSync(grants, 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES')) return [];
    throw error;
  }
}

/** Lines that are none are passed over, as shadow-utils does. */
export function parseGrants(text: string): readonly Grant[] {
  return [...text.matchAll(/^([^:#\n]+):(\d+):(\d+)\s*$/gm)].map(([, owner = '', first, count]) => ({
    owner,
    first: Number(first),
    count: Number(count),
  }));
}

/** Those of one user, who may be named by his uid. */
export function grantsOf<Line extends Grant>(grants: readonly Line[], {uid, name}: User): readonly Line[] {
  return grants.filter(({owner}) => owner === name || owner === String(uid));
}

/** As the line is to be written. */
export function grantLine({uid, name}: User, {first, count}: Range): string {
  return `${name ?? uid}:${first}:${count}`;
}

/** A range behind all that is granted to anybody. */
export function freeRange(grants: readonly Range[]): Range {
  return {...USUAL, first: Math.max(USUAL.first, ...grants.map(({first, count}) => first + count))};
}

export const contains = (outer: Range, inner: Range): boolean =>
  inner.first >= outer.first && inner.first + inner.count <= outer.first + outer.count;

export const overlaps = (a: Range, b: Range): boolean => a.first < b.first + b.count && b.first < a.first + a.count;

/** Ranges that touch or overlap become one; sorted. */
export function merged(ranges: readonly Range[]): readonly Range[] {
  const result: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const last = result.at(-1);
    if (last === undefined || last.first + last.count < range.first) result.push(range);
    else
      result[result.length - 1] = {
        first: last.first,
        count: Math.max(last.count, range.first + range.count - last.first),
      };
  }
  return result;
}

/** The ids that there are in the user namespace of this process, as it sees them. */
export function readMappedRanges({file}: Pick<IdKind, 'file'>): readonly Range[] {
  return [...readFileSync(`/proc/self/${file}`, 'utf8').matchAll(/^\s*(\d+)\s+\d+\s+(\d+)$/gm)].map(
    ([, first, count]) => ({first: Number(first), count: Number(count)}),
  );
}

/** What is in both. */
export function intersections(some: readonly Range[], others: readonly Range[]): readonly Range[] {
  return some.flatMap((a) =>
    others
      .filter((b) => overlaps(a, b))
      .map((b) => {
        const first = Math.max(a.first, b.first);
        return {first, count: Math.min(a.first + a.count, b.first + b.count) - first};
      }),
  );
}

/** The same without one id, which cannot be mapped twice. */
export function without(ranges: readonly Range[], id: number): readonly Range[] {
  return ranges.flatMap(({first, count}) => {
    if (id < first || id >= first + count) return [{first, count}];
    const parts = [
      {first, count: id - first},
      {first: id + 1, count: first + count - id - 1},
    ];
    return parts.filter((part) => part.count > 0);
  });
}
