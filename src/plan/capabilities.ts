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

/** The sets that the kernel will grant. What it would refuse is left out with a warning, as the spec wants it: what the
 * host does not have to give, and what a set may not hold because another one does not (capset(2), prctl(2)). */
export function grantableCapabilities(
  wanted: Capabilities | undefined,
  available: bigint,
  warnings: string[],
): CapabilitySets {
  const at = '/process/capabilities';
  const asked = {
    bounding: maskOf(wanted?.bounding),
    effective: maskOf(wanted?.effective),
    permitted: maskOf(wanted?.permitted),
    inheritable: maskOf(wanted?.inheritable),
    ambient: maskOf(wanted?.ambient),
  };
  const all = asked.bounding | asked.effective | asked.permitted | asked.inheritable | asked.ambient;
  if ((all & ~available) !== 0n) {
    warnings.push(`${at}: ${namesOf(all & ~available)} cannot be granted: not in the bounding set of the caller`);
  }
  const limit = (set: 'effective' | 'inheritable' | 'ambient', to: bigint, why: string): bigint => {
    const refused = asked[set] & available & ~to;
    if (refused !== 0n) warnings.push(`${at}/${set}: ${namesOf(refused)} cannot be granted: ${why}`);
    return asked[set] & available & to;
  };
  const bounding = asked.bounding & available;
  const permitted = asked.permitted & available;
  const effective = limit('effective', permitted, 'not permitted');
  const inheritable = limit('inheritable', bounding, 'not in the bounding set');
  const ambient = limit('ambient', permitted & inheritable, 'not both permitted and inheritable');
  return {bounding, effective, permitted, inheritable, ambient};
}

function maskOf(names: readonly string[] = []): bigint {
  return names.reduce((mask, name) => mask | (capabilityBit(name) ?? 0n), 0n);
}

function namesOf(mask: bigint): string {
  return numbered.filter((name) => (mask & (bits.get(name) ?? 0n)) !== 0n).join(', ');
}
