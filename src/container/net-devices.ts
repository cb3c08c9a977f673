// linux.netDevices: moves devices of the host into the container's network namespace, under new names if so wished, with
// their permanent global addresses, and sets them up. Runtime specification 1.3, config-linux.md#network-devices.
// Nobody moves them back when the container ends. When its creation fails, they come back as they were, but for their routes.
import {fstatSync, openSync} from 'node:fs';
import {escapeKey} from '../config/tidy.ts';
import type {Context} from '../context.ts';
import {ConfigError, errnoText, isSyscallError} from '../errors.ts';
import type {Config} from '../generated/config.ts';
import {
  type Address,
  addAddress,
  addressesOf,
  describeAddress,
  findLink,
  findLinkByIndex,
  isPermanentGlobal,
  isTemporary,
  type Link,
  moveLink,
  setUp,
} from '../host/links.ts';
import {NetlinkError, socketTransport, type Transport} from '../host/netlink.ts';
import type {Descriptors} from './descriptors.ts';
import type {UndoStack} from './rollback.ts';

type Devices = NonNullable<NonNullable<Config['linux']>['netDevices']>;

const AT = '/linux/netDevices';
/** How many names the kernel makes of a template. */
const MAX_NUMBER = 32768;

/** A network namespace, and a socket in it. */
interface Side {
  readonly net: Transport;
  readonly namespace: number;
}

/** Moves all `devices`. `descriptors` stay open, and the namespace with them, until there is nothing left to undo. Throws
 * ConfigError when one cannot be moved; that one is back then, the others come back with `undo`. */
export function moveNetDevices(
  {native}: Pick<Context, 'native'>,
  devices: Devices,
  namespace: number,
  undo: UndoStack,
  descriptors: Descriptors,
): void {
  const side = (fd: number): Side => {
    return {net: socketTransport(descriptors.add(native.netlinkSocket(fd))), namespace: fd};
  };
  const own = descriptors.add(openSync('/proc/self/ns/net', 'r'));
  if (isSame(own, namespace)) {
    throw new ConfigError([{pointer: AT, message: 'needs a network namespace that is not the one of the host'}]);
  }
  const [host, container] = at(AT, 'cannot reach the network namespaces', () => [side(own), side(namespace)]);
  for (const [name, {name: wanted = name}] of Object.entries(devices)) {
    moveDevice(host, container, name, wanted, undo);
  }
}

function isSame(one: number, other: number): boolean {
  const [a, b] = [fstatSync(one), fstatSync(other)];
  return a.ino === b.ino && a.dev === b.dev;
}

function moveDevice(host: Side, container: Side, name: string, wanted: string, undo: UndoStack): void {
  const pointer = `${AT}/${escapeKey(name)}`;
  const link = at(pointer, `cannot look for ${name}`, () => findLink(host.net, name));
  if (link === undefined) throw problem(pointer, `the host has no network device "${name}"`);
  const newName = at(pointer, 'cannot look for a name', () => freeName(container.net, wanted, pointer));
  const addresses = at(pointer, `cannot read the addresses of ${name}`, () => addressesOf(host.net, link.index));

  const index = at(pointer, `cannot move ${name} into the container as ${newName}`, () => {
    return moveOrReturn(host, container, link, newName, addresses);
  });
  undo.push(`give the network device ${name} back to the host`, () => {
    bringBack(host, container, index, link, addresses);
  });
  for (const address of addresses.filter(isPermanentGlobal)) {
    at(pointer, `cannot give ${newName} its address ${describeAddress(address)}`, () => {
      addAddress(container.net, index, address, 'new');
    });
  }
  at(pointer, `cannot set ${newName} up`, () => setUp(container.net, index));
}

/** A `%d` becomes the lowest number that is free, as with the kernel itself, which would not tell us which. */
function freeName(net: Transport, wanted: string, pointer: string): string {
  if (!wanted.includes('%d')) {
    if (findLink(net, wanted) === undefined) return wanted;
    throw problem(pointer, `the container's network namespace has a device "${wanted}" already`);
  }
  for (let number = 0; number < MAX_NUMBER; number++) {
    const name = wanted.replace('%d', String(number));
    if (Buffer.byteLength(name) < 16 && findLink(net, name) === undefined) return name;
  }
  throw problem(pointer, `the container's network namespace has no free name left for "${wanted}"`);
}

/** Returns its index in the container. The kernel moves first and renames then: a device that it could not rename is there
 * under its old name. */
function moveOrReturn(host: Side, container: Side, link: Link, newName: string, addresses: readonly Address[]): number {
  try {
    moveLink(host.net, link.index, newName, container.namespace);
    const moved = findLink(container.net, newName);
    if (moved === undefined) throw new NetlinkError('RTM_GETLINK', 19, 'it is gone again');
    return moved.index;
  } catch (error) {
    if (findLinkByIndex(host.net, link.index)?.name !== link.name) {
      const stranded = findLink(container.net, link.name);
      if (stranded !== undefined) bringBack(host, container, stranded.index, link, addresses);
    }
    throw error;
  }
}

function bringBack(host: Side, container: Side, index: number, {name, up}: Link, addresses: readonly Address[]): void {
  moveLink(container.net, index, name, host.namespace);
  const back = findLink(host.net, name);
  if (back === undefined) throw new NetlinkError('RTM_GETLINK', 19, `${name} is gone`);
  for (const address of addresses) {
    if (!isTemporary(address)) addAddress(host.net, back.index, address, 'it was');
  }
  if (up) setUp(host.net, back.index);
}

/** The outcome of `action`; a failed system call in it as an error of the config at `pointer`. */
function at<Result>(pointer: string, what: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    const sentence = error instanceof NetlinkError ? error.sentence : '';
    const reasons = [what, `${error.syscall}: ${errnoText(error.errno)}`, sentence, hints[error.code] ?? ''];
    throw problem(pointer, reasons.filter((part) => part !== '').join(': '));
  }
}

const hints: Readonly<Record<string, string>> = {
  EPERM: 'it takes root, with CAP_SYS_ADMIN and CAP_NET_ADMIN over both network namespaces',
};

const problem = (pointer: string, message: string): ConfigError => new ConfigError([{pointer, message}]);
