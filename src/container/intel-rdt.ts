// linux.intelRdt: the container's class of service and its monitoring group, which are directories of resctrl. Runtime
// specification 1.3, config-linux.md#intelrdt. The root is a parameter, so that tests can do with a plain directory.
import {closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, rmdirSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {ConfigError, errnoText, hasCode, isSyscallError} from '../errors.ts';
import type {IntelRdt} from '../generated/config.ts';
import {findResctrl, lastStatus, withoutResctrl} from '../host/resctrl.ts';
import type {ContainerRecord} from '../state/record.ts';

const AT = '/linux/intelRdt';

type RdtRecord = NonNullable<ContainerRecord['intelRdt']>;

export interface RdtPlan extends RdtRecord {
  readonly root: string;
  /** To be found in the class as it is. */
  readonly present: readonly SchemaLine[];
  /** To be written, in this order. */
  readonly lines: readonly SchemaLine[];
}

interface SchemaLine {
  readonly pointer: string;
  readonly text: string;
}

/** The root of the mounted resctrl; throws ConfigError when there is none. */
export function resctrlRoot(): string {
  const root = findResctrl(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (root !== undefined) return root;
  throw problem(AT, withoutResctrl(readFileSync('/proc/filesystems', 'utf8')));
}

/** Looks at what is there, and changes nothing. A class that exists is somebody else's: what the old properties ask for
 * must hold in it already. */
export function planRdt(root: string, id: string, rdt: IntelRdt): RdtPlan {
  const clos = rdt.closID === '/' ? root : join(root, rdt.closID ?? id);
  const exists = existsSync(clos);
  const old = oldLines(rdt);
  const extra = (rdt.schemata ?? []).map((text, index) => ({pointer: `${AT}/schemata/${index}`, text}));
  if (!exists && rdt.closID !== undefined && old.length + extra.length === 0) {
    throw problem(`${AT}/closID`, `there is no ${clos}, and no schema to make one with`);
  }
  const monitor = rdt.enableMonitoring === true ? [join(clos, 'mon_groups', id)] : [];
  return {
    root,
    groups: [clos, ...monitor],
    made: [clos, ...monitor].filter((path) => !existsSync(path)),
    present: exists ? old : [],
    lines: exists ? extra : [...old, ...extra],
  };
}

/** memBwSchema overrules what l3CacheSchema says of memory bandwidth. */
function oldLines({l3CacheSchema = '', memBwSchema}: IntelRdt): SchemaLine[] {
  const texts = l3CacheSchema.split('\n').filter((text) => text !== '');
  const l3 = memBwSchema === undefined ? texts : texts.filter((text) => !text.startsWith('MB:'));
  const lines = l3.map((text) => ({pointer: `${AT}/l3CacheSchema`, text}));
  return memBwSchema === undefined ? lines : [...lines, {pointer: `${AT}/memBwSchema`, text: memBwSchema}];
}

/** Makes the groups and writes their schemata. What it has made when it throws is for removeRdtGroups(). */
export function makeRdtGroups({root, groups, made, present, lines}: RdtPlan, make = makeDirectory): void {
  const [clos = root] = groups;
  for (const path of made) attempt(root, AT, `cannot make ${path}`, () => make(path));
  if (present.length > 0) {
    const text = attempt(root, AT, 'cannot compare', () => readFileSync(join(clos, 'schemata'), 'utf8'));
    for (const line of present) {
      if (!holds(text, line.text))
        throw problem(line.pointer, `${clos} exists, and has not "${line.text}" in its schemata`);
    }
  }
  for (const {pointer, text} of lines) {
    attempt(root, pointer, `cannot write "${text}" to ${clos}/schemata`, () => append(join(clos, 'schemata'), text));
  }
}

const makeDirectory = (path: string): void => mkdirSync(path, 0o755);

/** Gives the class of a container other schemata. The class of all that is not in one is not the container's to change. */
export function changeSchemata(
  record: RdtRecord | undefined,
  rdt: Pick<IntelRdt, 'l3CacheSchema' | 'memBwSchema'>,
): void {
  const [clos] = record?.groups ?? [];
  if (clos === undefined) throw problem(AT, 'the container has no class of service: its config has no intelRdt');
  for (const {pointer, text} of oldLines(rdt)) {
    attempt(undefined, pointer, `cannot write "${text}" to ${clos}/schemata`, () =>
      append(join(clos, 'schemata'), text),
    );
  }
}

/** Puts a process, and those that it starts from then on, into the groups. */
export function joinRdtGroups({groups}: RdtRecord, pid: number): void {
  for (const group of groups) {
    attempt(undefined, AT, `cannot put the container into ${group}`, () => append(join(group, 'tasks'), String(pid)));
  }
}

/** Removes the groups that were made; they may be gone already. Processes in them fall back to the root's. */
export function removeRdtGroups({made}: RdtRecord, remove = rmdirSync): void {
  for (const path of made.toReversed()) {
    try {
      remove(path);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
}

/** One write a line, so that the kernel's refusal is of that line. Never makes a file. */
function append(path: string, line: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  try {
    writeSync(fd, `${line}\n`);
  } finally {
    closeSync(fd);
  }
}

/** Whether each domain of `line` has its value in a text of `schemata`. */
function holds(schemata: string, line: string): boolean {
  const [resource, wanted] = parseLine(line);
  const found = schemata
    .split('\n')
    .map(parseLine)
    .find(([name]) => name === resource)?.[1];
  return found !== undefined && [...wanted].every(([domain, value]) => found.get(domain) === value);
}

/** `  L3:0=7ff;1=7ff`: the kernel pads with spaces and zeros. */
function parseLine(line: string): [resource: string, domains: Map<string, string>] {
  const colon = line.indexOf(':');
  const domains = line.slice(colon + 1).split(';');
  const entries = domains.map((domain) => {
    const [key = '', value = ''] = domain.split('=');
    return [
      key.trim().replace(/^0+(?=.)/, ''),
      value
        .trim()
        .toLowerCase()
        .replace(/^0+(?=.)/, ''),
    ] as const;
  });
  return [line.slice(0, Math.max(colon, 0)).trim(), new Map(entries)];
}

function attempt<Result>(root: string | undefined, pointer: string, what: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    const status = root === undefined ? '' : lastStatus(root);
    throw problem(pointer, `${what}: ${errnoText(error.errno)}${status === '' ? '' : `: ${status}`}`);
  }
}

const problem = (pointer: string, message: string): ConfigError => new ConfigError([{pointer, message}]);
