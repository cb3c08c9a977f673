// Why newuidmap or newgidmap would not map what it was asked to, and what is to be done about it. Pure.
import type {IdMapping} from '../generated/config.ts';
import type {HelperFacts} from '../host/id-helper.ts';
import type {IdKind} from '../host/id-kinds.ts';
import {
  contains,
  freeRange,
  type Grant,
  grantLine,
  grantsOf,
  merged,
  overlaps,
  type Range,
  type User,
} from '../host/subordinate-ids.ts';

export interface Refused {
  readonly kind: IdKind;
  readonly user: User;
  readonly mappings: readonly IdMapping[];
  /** All lines of /etc/subuid or /etc/subgid. */
  readonly grants: readonly Grant[];
  readonly helper: HelperFacts;
}

export interface Diagnosis {
  /** Of the mapping that is at fault, where it is one. */
  readonly index?: number;
  readonly message: string;
}

/** Undefined when all is as it should be. */
export function diagnose(refused: Refused): Diagnosis | undefined {
  const {kind, user} = refused;
  if (user.name === undefined) {
    return {message: `uid ${user.uid} has no entry in /etc/passwd, which ${kind.helper} looks the user up in: add one`};
  }
  const index = refused.mappings.findIndex((mapping) => !isGranted(refused, rangeOf(mapping)));
  const mapping = refused.mappings[index];
  if (mapping !== undefined) return {index, message: notGranted(refused, rangeOf(mapping))};
  const message = powerless(refused);
  return message === undefined ? undefined : {message};
}

const rangeOf = ({hostID, size}: IdMapping): Range => ({first: hostID, count: size});

function isGranted({kind, user, grants}: Refused, range: Range): boolean {
  const own = user[kind.noun];
  if (range.count === 1 && range.first === own) return true;
  return merged(grantsOf(grants, user)).some((granted) => contains(granted, range));
}

function notGranted({kind, user, grants}: Refused, wanted: Range): string {
  const ids = `${kind.noun}s ${span(wanted)}`;
  const owner = grants.find((grant) => overlaps(grant, wanted) && !grantsOf([grant], user).length);
  const free = freeRange(grants);
  if (owner !== undefined) {
    const line = grantLine(user, {...free, count: Math.max(free.count, wanted.count)});
    return `${kind.grants} gives ${ids} to ${owner.owner} ("${grantLine({...user, name: owner.owner}, owner)}"): map ids of the user's own: ${ownIds(kind, user, grants, line)}`;
  }
  const own = grantsOf(grants, user);
  const near = own.find((grant) => wanted.first >= grant.first && wanted.first < grant.first + grant.count);
  if (near !== undefined) {
    const longer = {first: near.first, count: wanted.first + wanted.count - near.first};
    return `${ids} go beyond "${grantLine(user, near)}" of ${kind.grants}: make that line "${grantLine(user, longer)}", or map ${near.first + near.count - wanted.first} ids only`;
  }
  const has = own.length === 0 ? 'no ids' : `${own.map(span).join(' and ')} and not ${ids}`;
  return `${kind.grants} gives ${nameOf(user)} ${has}: add the line "${grantLine(user, wanted)}" to ${kind.grants} (as root)`;
}

function ownIds(kind: IdKind, user: User, grants: readonly Grant[], line: string): string {
  const own = grantsOf(grants, user);
  return own.length > 0
    ? own.map(span).join(' and ')
    : `add the line "${line}" to ${kind.grants} (as root), and map these`;
}

const span = ({first, count}: Range): string => `${first} to ${first + count - 1}`;
const nameOf = ({uid, name}: User): string => name ?? `uid ${uid}`;

/** linux/capability.h */
const bits = {CAP_SETGID: 6n, CAP_SETUID: 7n} as const;

function powerless({kind, helper}: Refused): string | undefined {
  const {path, setuid, nosuid, noNewPrivileges, boundingSet} = helper;
  if (noNewPrivileges) {
    return `runts runs under no_new_privs, so that ${path} gets no rights: start it without (NoNewPrivileges= of a systemd unit, no-new-privileges of a container around it)`;
  }
  if ((boundingSet & (1n << bits[kind.capability])) === 0n) {
    return `the container that runts is in lacks ${kind.capability}, so that ${path} cannot have it: give it that capability`;
  }
  if (nosuid) return `${path} is on a mount with nosuid, so that it gets no rights: remount it with suid`;
  if (setuid) return undefined;
  return `${path} has lost its set-uid bit: chown root ${path} && chmod u+s ${path}, or reinstall its package (Debian: apt-get install --reinstall uidmap)`;
}

/** Who has no grant at all, when it is not an error: what he is missing, and the cure. */
export function noGrants(kind: IdKind, user: User, grants: readonly Grant[]): string {
  const line = grantLine(user, freeRange(grants));
  return `${kind.grants} gives ${nameOf(user)} no ids: add the line "${line}" to it (as root)`;
}

/** A helper that is not there. */
export function noHelper({helper}: IdKind): string {
  return `${helper} was not found: install it (package uidmap in Debian, Ubuntu and openSUSE; shadow-utils in Fedora and RHEL; shadow in Arch and Alpine)`;
}
