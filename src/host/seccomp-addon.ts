// The typed door to runts_seccomp.node (addon/binding/seccomp.cc), the one part of runts that loads libseccomp.
import {constants} from 'node:os';
import {join} from 'node:path';
import {ConfigError, errnoText, isSyscallError, type SyscallFacts} from '../errors.ts';
import type {SeccompProfile} from '../plan/seccomp.ts';
import {loadLibraryAddon} from './library-addon.ts';

export const SECCOMP_ADDON = 'runts_seccomp.node';

export interface Compiled {
  /** Array of struct sock_filter, at most 4096 (BPF_MAXINSNS) of them, in the byte order of this machine. */
  readonly program: Uint8Array;
  /** System calls that libseccomp does not know; no rule was made for them. */
  readonly unknown: readonly string[];
}

export interface SeccompAddon {
  compile(profile: SeccompProfile): Compiled;
  /** libseccomp's version: "2.5.4". */
  version(): string;
  /** The file that libseccomp was loaded from. */
  libseccompPath(): string | undefined;
}

/** Loads the addon from the folder `libexec`. */
export function loadSeccompAddon(libexec: string): SeccompAddon {
  return loadLibraryAddon(join(libexec, SECCOMP_ADDON), {
    needed: 'linux.seccomp',
    library: 'libseccomp (Debian: libseccomp2)',
  });
}

/** Compiles a profile; throws a ConfigError that names the property that libseccomp refused. */
export function compileSeccomp(addon: SeccompAddon, profile: SeccompProfile): Compiled {
  try {
    return addon.compile(profile);
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    throw new ConfigError([problemOf(error, profile, addon.version())]);
  }
}

/** In words, what the addon tells as facts: `path` is an architecture or the index of a rule, `dest` a system call. */
function problemOf(facts: SyscallFacts, profile: SeccompProfile, version: string): {pointer: string; message: string} {
  const {syscall, path = '', dest = '', errno} = facts;
  const library = `libseccomp ${version}`;
  switch (syscall) {
    case 'seccomp_arch_resolve_name':
      return {pointer: architecture(profile, path), message: `${library} does not know this architecture`};
    case 'seccomp_arch_add':
      return {
        pointer: architecture(profile, path),
        // EDOM: the byte orders differ.
        message: `${library} cannot have this architecture in one filter with the native one (${facts.code})`,
      };
    case 'seccomp_rule_add_array':
      return {
        pointer: `/linux/seccomp/syscalls/${profile.rules[Number(path)]?.entry ?? 0}`,
        message: `${library} refuses the rule for ${dest}: ${ruleTrouble(errno)}`,
      };
    case 'seccomp':
      return {
        pointer: '/linux/seccomp',
        message: `the profile needs a program of ${path} instructions, the kernel takes at most 4096 (BPF_MAXINSNS)`,
      };
    case 'seccomp_init':
      return {pointer: '/linux/seccomp/defaultAction', message: `${library} or this kernel does not know the action`};
    default:
      return {pointer: '/linux/seccomp', message: `${syscall}: ${errnoText(errno)}`};
  }
}

function ruleTrouble(errno: number): string {
  return -errno === constants.errno.EEXIST
    ? 'another entry has the same conditions and a different action'
    : errnoText(errno);
}

/** Addon and profile have libseccomp's name of it ("x86"), the config has "SCMP_ARCH_X86". */
function architecture(profile: SeccompProfile, name: string): string {
  return `/linux/seccomp/architectures/${profile.architectures.indexOf(name)}`;
}
