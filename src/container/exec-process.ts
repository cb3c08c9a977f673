// The process that `exec` runs: that of a file, or that of the container's config with what the command line says
// instead; and where each part of it came from, for messages.
import {loadProcess} from '../config/load.ts';
import type {Context} from '../context.ts';
import {RuntsError} from '../errors.ts';
import type {Capabilities, Process, User} from '../generated/config.ts';
import {capabilityBit} from '../plan/capabilities.ts';
import {absolutePath} from './bundle.ts';

/** What the command line may say of the process. */
export interface ProcessOptions {
  /** A file with a whole `process` object; nothing else here counts then. */
  readonly process?: string;
  readonly args?: readonly string[];
  /** Added to those of the config. */
  readonly env?: readonly string[];
  readonly tty?: boolean;
  readonly cwd?: string;
  /** UID[:GID], numbers. */
  readonly user?: string;
  /** Added to those of the config. */
  readonly additionalGids?: readonly string[];
  /** Added to the bounding, effective and permitted capabilities. */
  readonly capabilities?: readonly string[];
  /** Instead of what the config says. */
  readonly noNewPrivileges?: boolean;
  readonly apparmorProfile?: string;
  readonly selinuxLabel?: string;
}

export interface ExecProcess {
  readonly process: Process;
  /** Where a pointer into a config with that process leads in truth; no `at` for what the command line says. */
  locate(at: string): {readonly file?: string; readonly at: string};
}

/** Puts the process together; `config` is that of the container. Throws RuntsError on what cannot be meant. */
export function execProcess(
  ctx: Pick<Context, 'cwd' | 'log'>,
  config: {readonly process: Process},
  options: ProcessOptions,
): ExecProcess {
  if (options.process !== undefined) return fromFile(ctx, config.process, options.process);
  const changes = changesOf(ctx, config.process, options);
  return {process: {...config.process, ...changes}, locate: locator(changes, undefined)};
}

/** What the file leaves open is as the container has it where runc has it so: a file without limits means none. */
function fromFile(ctx: Pick<Context, 'cwd' | 'log'>, container: Process, file: string): ExecProcess {
  const {process, warnings} = loadProcess(absolutePath(ctx, file));
  for (const warning of warnings) ctx.log.warn(warning);
  const {user, capabilities, oomScoreAdj, apparmorProfile, selinuxLabel, scheduler, ioPriority, execCPUAffinity} =
    container;
  const umask = user?.umask;
  const open = {capabilities, oomScoreAdj, apparmorProfile, selinuxLabel, scheduler, ioPriority, execCPUAffinity};
  const known = Object.fromEntries(Object.entries(open).filter(([, value]) => value !== undefined));
  return {
    process: {
      ...known,
      ...process,
      user: {uid: 0, gid: 0, ...(umask === undefined ? {} : {umask}), ...process.user},
    },
    locate: locator(process, absolutePath(ctx, file)),
  };
}

function changesOf(ctx: Pick<Context, 'log'>, container: Process, options: ProcessOptions): Partial<Process> {
  const {args = [], env = [], cwd, tty = false, noNewPrivileges} = options;
  if (args.length === 0) throw new RuntsError('process args cannot be empty');
  if (cwd !== undefined && !cwd.startsWith('/')) throw new RuntsError('Cwd must be an absolute path');
  for (const entry of env) {
    if (!/^[^=]+=/.test(entry)) throw new RuntsError(`invalid environment variable: ${JSON.stringify(entry)}`);
  }
  const user = userFrom(container.user, options);
  return {
    args,
    terminal: tty,
    env: [...(container.env ?? []), ...env],
    ...(cwd === undefined ? {} : {cwd}),
    ...(user === undefined ? {} : {user}),
    ...(options.capabilities?.length ? {capabilities: withCapabilities(ctx, container, options.capabilities)} : {}),
    ...(noNewPrivileges === undefined ? {} : {noNewPrivileges}),
    ...(options.apparmorProfile ? {apparmorProfile: options.apparmorProfile} : {}),
    ...(options.selinuxLabel ? {selinuxLabel: options.selinuxLabel} : {}),
  };
}

function userFrom(container: User | undefined, {user, additionalGids = []}: ProcessOptions): User | undefined {
  if (user === undefined && additionalGids.length === 0) return undefined;
  const base = container ?? {uid: 0, gid: 0};
  const [uid, gid, ...rest] = user?.split(':') ?? [];
  if (rest.length > 0) throw new RuntsError(`--user ${user}: must be UID[:GID]`);
  const added = additionalGids.map((text) => idFrom(text, '--additional-gids'));
  return {
    ...base,
    ...(uid === undefined ? {} : {uid: idFrom(uid, '--user')}),
    ...(gid === undefined ? {} : {gid: idFrom(gid, '--user')}),
    ...(added.length === 0 ? {} : {additionalGids: [...(base.additionalGids ?? []), ...added]}),
  };
}

/** (uid_t)-1 means "leave it" to the kernel. */
const LAST_ID = 0xffff_fffe;

function idFrom(text: string, option: string): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (id <= LAST_ID) return id;
  throw new RuntsError(`${option}: ${JSON.stringify(text)} is not an id: a number from 0 to ${LAST_ID}`);
}

/** Never to the inheritable ones: a file's capabilities would give them to programs that are not meant to have any
 * (CVE-2022-29162). What the container lets be inherited may become ambient, too. */
function withCapabilities(
  {log}: Pick<Context, 'log'>,
  {capabilities}: Process,
  names: readonly string[],
): Capabilities {
  const known = names.filter((name) => capabilityBit(name) !== undefined);
  const unknown = names.filter((name) => capabilityBit(name) === undefined);
  if (unknown.length > 0) log.warn(`ignoring unknown capabilities: ${unknown.join(', ')}`);
  const {bounding = [], effective = [], permitted = [], inheritable, ambient = []} = capabilities ?? {};
  return {
    bounding: [...bounding, ...known],
    effective: [...effective, ...known],
    permitted: [...permitted, ...known],
    ...(inheritable === undefined ? {ambient} : {inheritable, ambient: [...ambient, ...known]}),
  };
}

/** `given` are the properties that are not the container's. */
function locator(given: Partial<Process>, file: string | undefined): ExecProcess['locate'] {
  return (at) => {
    const [, top, key] = at.split('/');
    if (top !== 'process' || key === undefined || !Object.hasOwn(given, key)) return {at};
    return file === undefined ? {at: ''} : {file, at: at.slice('/process'.length)};
  };
}
