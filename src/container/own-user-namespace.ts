// The user namespace that a config leaves to its caller. Without privileges there is no container without one, so that a
// config that has none, or has one without mappings, gets it: root of the container is the user himself, and its other ids,
// from 1 on, are those that /etc/subuid and /etc/subgid give him. So rootless Podman has it, too, and so it is in crun for
// a program that runs as root.
import {toHostId} from '../config/id-mappings.ts';
import {namespaceOf} from '../config/rules/rule.ts';
import type {Context} from '../context.ts';
import {ConfigError} from '../errors.ts';
import type {Config, IdMapping, Mount} from '../generated/config.ts';
import {findHelper} from '../host/id-helper.ts';
import {gidKind, type IdKind, uidKind} from '../host/id-kinds.ts';
import {isAdministrator} from '../host/privileges.ts';
import {
  grantsOf,
  intersections,
  merged,
  type Range,
  readGrants,
  readMappedRanges,
  readUser,
  type User,
  without,
} from '../host/subordinate-ids.ts';
import {noGrants, noHelper} from './id-map-diagnosis.ts';

/** user_namespaces(7): since Linux 4.15. */
const MAX_MAPPINGS = 340;

type Mappings = readonly IdMapping[];

/** Ids that a user can map beside his own. */
export interface Supply {
  readonly ranges: readonly Range[];
  /** Why there are none, and the cure. */
  readonly lack?: string;
}

/** The completed config; undefined when there is nothing to complete, or for a caller who needs no user namespace. */
export function withOwnUserNamespace(ctx: Pick<Context, 'env' | 'log'>, config: Config): Config | undefined {
  if (process.geteuid?.() === 0 || !leavesMappings(config) || isAdministrator()) return undefined;
  const user = readUser();
  const supplyOf = (kind: IdKind): Supply => supply(kind, user, ctx.env);
  const {completed, lacks} = complete(config, user, supplyOf);
  if (lacks.length > 0) ctx.log.warn(`the container has no ids but the user's own, as 0: ${lacks.join('; ')}`);
  return completed;
}

/** Mappings without a user namespace are a mistake, which is for the rules to tell. */
function leavesMappings(config: Config): boolean {
  const {uidMappings = [], gidMappings = []} = config.linux ?? {};
  const kind = namespaceOf(config, 'user');
  if (kind === 'none') return uidMappings.length + gidMappings.length === 0;
  return kind === 'new' && (uidMappings.length === 0 || gidMappings.length === 0);
}

function supply(kind: IdKind, user: User, env: Context['env']): Supply {
  const grants = readGrants(kind);
  const own = grantsOf(grants, user);
  if (own.length === 0) return {ranges: [], lack: noGrants(kind, user, grants)};
  if (findHelper(kind, env) === undefined) return {ranges: [], lack: noHelper(kind)};
  const there = intersections(merged(own), readMappedRanges(kind));
  const ranges = without(there, user[kind.noun]).slice(0, MAX_MAPPINGS - 1);
  if (ranges.length > 0) return {ranges};
  return {ranges, lack: `what ${kind.grants} gives the user is not in the user namespace around it`};
}

/** Pure. Throws ConfigError when the program needs ids that the user does not have. */
export function complete(
  config: Config,
  user: User,
  supplyOf: (kind: IdKind) => Supply,
): {readonly completed: Config; readonly lacks: readonly string[]} {
  const {namespaces = [], uidMappings, gidMappings} = config.linux ?? {};
  const uids = make(uidKind, uidMappings, user, supplyOf);
  const gids = make(gidKind, gidMappings, user, supplyOf);
  requireIds(config, uids.lack, gids.lack);
  const hasEntry = namespaces.some(({type}) => type === 'user');
  const linux = {
    ...config.linux,
    namespaces: hasEntry ? namespaces : [...namespaces, {type: 'user'} as const],
    uidMappings: uids.mappings,
    gidMappings: gids.mappings,
  };
  const mounts = config.mounts?.map((mount) => withoutUnmappedGroup(mount, gids.mappings));
  return {
    completed: {...config, linux, ...(mounts === undefined ? {} : {mounts})},
    lacks: [uids.lack, gids.lack].filter((lack) => lack !== undefined),
  };
}

function make(
  kind: IdKind,
  given: Mappings = [],
  user: User,
  supplyOf: (kind: IdKind) => Supply,
): {readonly mappings: Mappings; readonly lack?: string} {
  if (given.length > 0) return {mappings: given};
  const {ranges, ...lack} = supplyOf(kind);
  const mappings: IdMapping[] = [{containerID: 0, hostID: user[kind.noun], size: 1}];
  let next = 1;
  for (const {first, count} of ranges) {
    mappings.push({containerID: next, hostID: first, size: count});
    next += count;
  }
  return {mappings, ...lack};
}

function requireIds({process}: Config, noUids: string | undefined, noGids: string | undefined): void {
  const {uid = 0, gid = 0, additionalGids = []} = process.user ?? {};
  const at = '/process/user';
  const refuse = (pointer: string, id: number, lack: string): never => {
    throw new ConfigError([
      {pointer: `${at}/${pointer}`, message: `the user cannot have ${id} in the container: ${lack}`},
    ]);
  };
  if (noUids !== undefined && uid !== 0) refuse('uid', uid, noUids);
  if (noGids === undefined) return;
  if (gid !== 0) refuse('gid', gid, noGids);
  if (additionalGids[0] !== undefined) refuse('additionalGids/0', additionalGids[0], noGids);
}

/** Terminals are of group 5 (tty) in most configs: without such a group they are of the container's root. */
function withoutUnmappedGroup(mount: Mount, gids: Mappings): Mount {
  if (mount.type !== 'devpts') return mount;
  const isMapped = (option: string): boolean => {
    const [, gid] = /^gid=(\d+)$/.exec(option) ?? [];
    return gid === undefined || toHostId(gids, Number(gid)) !== undefined;
  };
  return {...mount, ...(mount.options === undefined ? {} : {options: mount.options.filter(isMapped)})};
}
