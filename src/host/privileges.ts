// What this process may do on the host.
import {readFileSync} from 'node:fs';
import {hasCode} from '../errors.ts';

/** linux/capability.h */
const CAP_SYS_ADMIN = 21n;

/** Whether it has CAP_SYS_ADMIN in its own user namespace: without, a container takes another one. */
export function isAdministrator(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readIfThere('/proc/self/status'))?.[1];
  return effective === undefined || (BigInt(`0x${effective}`) & (1n << CAP_SYS_ADMIN)) !== 0n;
}

/** The initial user namespace maps every id onto itself (user_namespaces(7)). */
export function isInUserNamespace(): boolean {
  const map = readIfThere('/proc/self/uid_map');
  return map !== '' && !/^\s*0\s+0\s+4294967295\s*$/.test(map);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return '';
    throw error;
  }
}
