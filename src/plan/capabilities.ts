// process.capabilities, capabilities(7).
import type {Capabilities, Capability} from '../generated/config.ts';

/** linux/capability.h: the index is the number. */
const numbered: readonly Capability[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
];

/** Every capability that runts knows, sorted; `runts features` lists them. */
export const capabilityNames: readonly Capability[] = [...numbered].sort();

const bits: ReadonlyMap<string, bigint> = new Map(numbered.map((name, number) => [name, 1n << BigInt(number)]));

/** "CAP_KILL" -> 1 << 5; undefined for a name that is none. */
export function capabilityBit(name: string): bigint | undefined {
  return bits.get(name);
}

/** Bit n stands for capability n. */
export interface CapabilitySets {
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
}

/** The sets that the kernel will grant: what it would refuse is left out, with a warning, as the spec wants it. That is
 * what the host does not have to give, and what a set may not hold without another one (capset(2), prctl(2)); the
 * latter is told by validation but for inheritable, which goes by the bounding set. */
export function grantableCapabilities(
  wanted: Capabilities | undefined,
  available: bigint,
  warnings: string[],
): CapabilitySets {
  const at = '/process/capabilities';
  const bounding = maskOf(wanted?.bounding);
  const effective = maskOf(wanted?.effective);
  const permitted = maskOf(wanted?.permitted);
  const inheritable = maskOf(wanted?.inheritable);
  const ambient = maskOf(wanted?.ambient);
  const missing = (bounding | effective | permitted | inheritable | ambient) & ~available;
  if (missing !== 0n) warnings.push(`${at}: the host cannot grant ${namesOf(missing)}, ignoring`);
  const unbound = inheritable & available & ~bounding;
  if (unbound !== 0n) warnings.push(`${at}/inheritable: ${namesOf(unbound)} is not in bounding, ignoring`);
  const permittable = permitted & available;
  const inherited = inheritable & available & bounding;
  return {
    bounding: bounding & available,
    effective: effective & permittable,
    permitted: permittable,
    inheritable: inherited,
    ambient: ambient & permittable & inherited,
  };
}

function maskOf(names: readonly string[] = []): bigint {
  return names.reduce((mask, name) => mask | (capabilityBit(name) ?? 0n), 0n);
}

function namesOf(mask: bigint): string {
  return numbered.filter((name) => (mask & (bits.get(name) ?? 0n)) !== 0n).join(', ');
}
