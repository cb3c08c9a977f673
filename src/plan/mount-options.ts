// mounts[].options: what each string of the spec does (config.md#linux-mount-options), in the terms of the new mount API
// and of mount(2). Everything that is not in the table is the filesystem's own business: its data.
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_RELATIME,
  MOUNT_ATTR_STRICTATIME,
  MS_DIRSYNC,
  MS_I_VERSION,
  MS_LAZYTIME,
  MS_MANDLOCK,
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_NOSYMFOLLOW,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_RELATIME,
  MS_SHARED,
  MS_SILENT,
  MS_SLAVE,
  MS_STRICTATIME,
  MS_SYNCHRONOUS,
  MS_UNBINDABLE,
} from './constants.ts';

/** MOUNT_ATTR_* bits to set and to clear. */
export interface Attributes {
  readonly set: bigint;
  readonly clear: bigint;
}

/** The options of one mount, last one wins. */
export interface MountOptions {
  readonly bind: boolean;
  /** rbind. */
  readonly recursive: boolean;
  readonly remount: boolean;
  /** tmpcopyup. */
  readonly copyUp: boolean;
  /** Map ids, for the mount or for all below it, too. */
  readonly idmap: 'idmap' | 'ridmap' | undefined;
  /** crun's: a symlink at the end of source or target is not followed; one at the source is copied instead of mounted. */
  readonly nofollowSource: boolean;
  readonly nofollowTarget: boolean;
  readonly copyLink: boolean;
  readonly attributes: Attributes;
  /** Those of rro and friends, for the mount and all below it: mount_setattr(2) AT_RECURSIVE. */
  readonly recursiveAttributes: Attributes;
  /** Flags of the superblock that fsconfig(2) knows by these names. */
  readonly superblock: readonly string[];
  /** MS_* flags of mount(2) for `attributes` and `superblock`, those that were asked for and those that were negated. */
  readonly legacySet: number;
  readonly legacyClear: number;
  /** MS_SHARED and friends, with MS_REC, in the order given. */
  readonly propagation: readonly number[];
  /** `key` or `key=value` of the filesystem, and which of the options it was in. */
  readonly data: readonly {readonly index: number; readonly text: string}[];
}

type Effect =
  | {readonly kind: Word}
  | {readonly kind: 'propagation'; readonly flags: number}
  | (Flag & {readonly kind: 'attribute' | 'atime'; readonly bits: bigint; readonly recursive: boolean})
  | (Flag & {readonly kind: 'superblock'; readonly parameter: string | undefined});

const words = [
  'bind',
  'copy-symlink',
  'defaults',
  'dest-nofollow',
  'idmap',
  'rbind',
  'remount',
  'ridmap',
  'src-nofollow',
  'tmpcopyup',
] as const;

type Word = (typeof words)[number];

interface Flag {
  readonly on: boolean;
  readonly ms: number;
}

const MS_ATIMES = MS_NOATIME | MS_RELATIME | MS_STRICTATIME;

/** Option, its negation, and the flag of a mount that it stands for; each has a recursive form with an r before it. */
const attributePairs = [
  ['ro', 'rw', MOUNT_ATTR_RDONLY, MS_RDONLY],
  ['nosuid', 'suid', MOUNT_ATTR_NOSUID, MS_NOSUID],
  ['nodev', 'dev', MOUNT_ATTR_NODEV, MS_NODEV],
  ['noexec', 'exec', MOUNT_ATTR_NOEXEC, MS_NOEXEC],
  ['nodiratime', 'diratime', MOUNT_ATTR_NODIRATIME, MS_NODIRATIME],
  ['nosymfollow', 'symfollow', MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW],
] as const;

/** One value out of three. */
const atimePairs = [
  ['noatime', 'atime', MOUNT_ATTR_NOATIME, MS_NOATIME],
  ['relatime', 'norelatime', MOUNT_ATTR_RELATIME, MS_RELATIME],
  ['strictatime', 'nostrictatime', MOUNT_ATTR_STRICTATIME, MS_STRICTATIME],
] as const;

/** Flags of the superblock. fsconfig(2) has no word for the last two; they only reach filesystems through mount(2). */
const superblockPairs = [
  ['sync', 'async', MS_SYNCHRONOUS, 'sync'],
  ['dirsync', undefined, MS_DIRSYNC, 'dirsync'],
  ['mand', 'nomand', MS_MANDLOCK, 'mand'],
  ['lazytime', 'nolazytime', MS_LAZYTIME, 'lazytime'],
  ['iversion', 'noiversion', MS_I_VERSION, undefined],
  ['silent', 'loud', MS_SILENT, undefined],
] as const;

const propagations = [
  ['shared', MS_SHARED],
  ['slave', MS_SLAVE],
  ['private', MS_PRIVATE],
  ['unbindable', MS_UNBINDABLE],
] as const;

const effects: ReadonlyMap<string, Effect> = new Map(listEffects());

/** Every option that is not left to the filesystem, sorted; `runts features` lists them. */
export const mountOptionNames: readonly string[] = [...effects.keys()].sort();

/** "rshared" -> MS_SHARED | MS_REC; undefined for anything else than the eight propagation types. */
export function propagationFlags(name: string): number | undefined {
  const effect = effects.get(name);
  return effect?.kind === 'propagation' ? effect.flags : undefined;
}

export function parseMountOptions(options: readonly string[]): MountOptions {
  const said = new Set<Word>();
  const attributes = {set: 0n, clear: 0n};
  const recursiveAttributes = {set: 0n, clear: 0n};
  const superblock = new Set<string>();
  const legacy = {set: 0, clear: 0};
  const propagation: number[] = [];
  const data: {index: number; text: string}[] = [];
  for (const [index, option] of options.entries()) {
    const effect = effects.get(option);
    if (effect === undefined) {
      data.push(...splitData(option).map((text) => ({index, text})));
      continue;
    }
    switch (effect.kind) {
      case 'propagation':
        propagation.push(effect.flags);
        break;
      case 'attribute':
        setAttribute(effect.recursive ? recursiveAttributes : attributes, effect.bits, effect.on);
        if (!effect.recursive) setLegacy(legacy, effect);
        break;
      case 'atime':
        setAtime(effect.recursive ? recursiveAttributes : attributes, effect.bits, effect.on);
        if (!effect.recursive) setLegacyAtime(legacy, effect);
        break;
      case 'superblock':
        setLegacy(legacy, effect);
        if (effect.parameter !== undefined) superblock[effect.on ? 'add' : 'delete'](effect.parameter);
        break;
      default:
        said.add(effect.kind);
    }
  }
  return {
    bind: said.has('bind') || said.has('rbind'),
    recursive: said.has('rbind'),
    remount: said.has('remount'),
    copyUp: said.has('tmpcopyup'),
    idmap: said.has('ridmap') ? 'ridmap' : said.has('idmap') ? 'idmap' : undefined,
    nofollowSource: said.has('src-nofollow'),
    nofollowTarget: said.has('dest-nofollow'),
    copyLink: said.has('copy-symlink'),
    attributes,
    recursiveAttributes,
    superblock: [...superblock],
    legacySet: legacy.set,
    legacyClear: legacy.clear,
    propagation,
    data,
  };
}

function listEffects(): [string, Effect][] {
  const list: [string, Effect][] = words.map((kind) => [kind, {kind}]);
  for (const [kind, pairs] of [['attribute', attributePairs] as const, ['atime', atimePairs] as const]) {
    for (const [name, negation, bits, ms] of pairs) {
      for (const recursive of [false, true]) {
        const prefix = recursive ? 'r' : '';
        list.push([prefix + name, {kind, bits, ms, recursive, on: true}]);
        list.push([prefix + negation, {kind, bits, ms, recursive, on: false}]);
      }
    }
  }
  for (const [name, negation, ms, parameter] of superblockPairs) {
    list.push([name, {kind: 'superblock', ms, parameter, on: true}]);
    if (negation !== undefined) list.push([negation, {kind: 'superblock', ms, parameter, on: false}]);
  }
  for (const [name, flags] of propagations) {
    list.push([name, {kind: 'propagation', flags}], [`r${name}`, {kind: 'propagation', flags: flags | MS_REC}]);
  }
  return list;
}

interface Bits {
  set: bigint;
  clear: bigint;
}

function setAttribute(bits: Bits, attribute: bigint, on: boolean): void {
  bits.set = on ? bits.set | attribute : bits.set & ~attribute;
  bits.clear = on ? bits.clear & ~attribute : bits.clear | attribute;
}

// The three are values of one field, which mount_setattr(2) wants cleared as a whole. A negation undoes the value that it
// names and no other; what is left then is the kernel's default, relatime, as with mount(2).
function setAtime(bits: Bits, value: bigint, on: boolean): void {
  bits.clear |= MOUNT_ATTR__ATIME;
  if (on) bits.set = (bits.set & ~MOUNT_ATTR__ATIME) | value;
  else if ((bits.set & MOUNT_ATTR__ATIME) === value) bits.set &= ~MOUNT_ATTR__ATIME;
}

interface LegacyFlags {
  set: number;
  clear: number;
}

function setLegacy(flags: LegacyFlags, {ms, on}: Flag): void {
  flags.set = on ? flags.set | ms : flags.set & ~ms;
  flags.clear = on ? flags.clear & ~ms : flags.clear | ms;
}

function setLegacyAtime(flags: LegacyFlags, {ms, on}: Flag): void {
  flags.clear |= MS_ATIMES;
  flags.set = on ? (flags.set & ~MS_ATIMES) | ms : flags.set & ~ms;
}

/** Splits `a=1,b="x,y",c=p\,q` at the commas that separate. Backslashes stay, as overlay reads them itself. */
function splitData(option: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < option.length; at++) {
    const letter = option[at];
    if (letter === '\\') at++;
    else if (letter === '"') quoted = !quoted && option[at - 1] === '=';
    else if (letter === ',' && !quoted) {
      parts.push(option.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(option.slice(start));
  return parts.filter((part) => part !== '').map(unquote);
}

// Quotes belong to the text that mount(2) parses; SELinux takes the bare label from fsconfig(2).
function unquote(part: string): string {
  return part.replace(/^((?:fs|def|root)?context=)"(.*)"$/s, '$1$2');
}
