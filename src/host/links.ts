// Network devices and their addresses, by rtnetlink(7): linux/if_link.h, linux/if_addr.h.
import {hasCode} from '../errors.ts';
import {type Attribute, ask, dump, parseAttributes, type Request, type Transport, textOf} from './netlink.ts';

const NLM_F_REPLACE = 0x100;
const NLM_F_CREATE = 0x400;

const IFF_UP = 0x1;
const IFLA_IFNAME = 3;
const IFLA_NET_NS_FD = 28;
const IFINFOMSG = 16;

const AF_UNSPEC = 0;
const AF_INET6 = 10;
const RT_SCOPE_UNIVERSE = 0;
const IFADDRMSG = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
const IFA_RT_PRIORITY = 9;
const IFA_PROTO = 11;
const IFA_F_TEMPORARY = 0x1;
const IFA_F_PERMANENT = 0x80;
/** NODAD, HOMEADDRESS, MANAGETEMPADDR, NOPREFIXROUTE, MCAUTOJOIN: those that are not the kernel's to set. */
const SETTABLE_FLAGS = 0x2 | 0x10 | 0x100 | 0x200 | 0x400;

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
}

export interface Address {
  readonly family: number;
  readonly prefixLength: number;
  /** IFA_F_*. */
  readonly flags: number;
  /** RT_SCOPE_*. */
  readonly scope: number;
  /** IFA_* by type. */
  readonly attributes: ReadonlyMap<number, Buffer>;
}

/** The device of this name, which may be one of its other names, or undefined. */
export function findLink(net: Transport, name: string): Link | undefined {
  return getLink(net, 0, [[IFLA_IFNAME, nameBytes(name)]]);
}

/** The device of this index, or undefined. */
export function findLinkByIndex(net: Transport, index: number): Link | undefined {
  return getLink(net, index, []);
}

function getLink(net: Transport, index: number, attributes: readonly Attribute[]): Link | undefined {
  try {
    const [body] = ask(net, {type: 18, name: 'RTM_GETLINK', body: linkBody(index), attributes});
    return body === undefined ? undefined : parseLink(body);
  } catch (error) {
    if (hasCode(error, 'ENODEV')) return undefined;
    throw error;
  }
}

function parseLink(body: Buffer): Link | undefined {
  if (body.length < IFINFOMSG) return undefined;
  const name = parseAttributes(body, IFINFOMSG).get(IFLA_IFNAME);
  if (name === undefined) return undefined;
  return {index: body.readInt32LE(4), name: textOf(name), up: (body.readUInt32LE(8) & IFF_UP) !== 0};
}

/** Moves a device, which goes down and loses its addresses, and gives it this name there, in one request. */
export function moveLink(net: Transport, index: number, name: string, namespace: number): void {
  const fd = Buffer.alloc(4);
  fd.writeInt32LE(namespace);
  setLink(net, linkBody(index), [
    [IFLA_NET_NS_FD, fd],
    [IFLA_IFNAME, nameBytes(name)],
  ]);
}

export function setUp(net: Transport, index: number): void {
  const body = linkBody(index);
  body.writeUInt32LE(IFF_UP, 8);
  body.writeUInt32LE(IFF_UP, 12);
  setLink(net, body, []);
}

function setLink(net: Transport, body: Buffer, attributes: readonly Attribute[]): void {
  // RTM_SETLINK as `ip link` sends it; RTM_NEWLINK would make a device that is not there.
  ask(net, {type: 19, name: 'RTM_SETLINK', body, attributes});
}

/** struct ifinfomsg. */
function linkBody(index: number): Buffer {
  const body = Buffer.alloc(IFINFOMSG);
  body.writeInt32LE(index, 4);
  return body;
}

/** All addresses of a device, IPv4 and IPv6. */
export function addressesOf(net: Transport, index: number): Address[] {
  const request: Request = {type: 22, name: 'RTM_GETADDR', body: addressBody(AF_UNSPEC, 0, 0, index)};
  return dump(net, request)
    .filter((body) => body.length >= IFADDRMSG && body.readUInt32LE(4) === index)
    .map(parseAddress);
}

function parseAddress(body: Buffer): Address {
  const attributes = parseAttributes(body, IFADDRMSG);
  return {
    family: body.readUInt8(0),
    prefixLength: body.readUInt8(1),
    flags: attributes.get(IFA_FLAGS)?.readUInt32LE(0) ?? body.readUInt8(2),
    scope: body.readUInt8(3),
    attributes,
  };
}

/** What goes along with a device: set by somebody, without an end, and valid everywhere. */
export const isPermanentGlobal = ({flags, scope}: Address): boolean =>
  (flags & IFA_F_PERMANENT) !== 0 && scope === RT_SCOPE_UNIVERSE;

/** What the kernel makes of another address, by itself. */
export const isTemporary = ({family, flags}: Address): boolean =>
  family === AF_INET6 && (flags & IFA_F_TEMPORARY) !== 0;

/** `as` new: what the address is. `as` it was: with its label, which may hold the device's old name, and its lifetime. */
export function addAddress(net: Transport, index: number, address: Address, as: 'new' | 'it was'): void {
  const {family, prefixLength, scope, attributes} = address;
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(address.flags & SETTABLE_FLAGS);
  const kept = [IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_RT_PRIORITY, IFA_PROTO];
  if (as === 'it was') kept.push(IFA_LABEL, IFA_CACHEINFO);
  ask(net, {
    type: 20,
    name: 'RTM_NEWADDR',
    flags: NLM_F_CREATE | NLM_F_REPLACE,
    body: addressBody(family, prefixLength, scope, index),
    attributes: [...[...attributes].filter(([type]) => kept.includes(type)), [IFA_FLAGS, flags]],
  });
}

/** struct ifaddrmsg. */
function addressBody(family: number, prefixLength: number, scope: number, index: number): Buffer {
  const body = Buffer.alloc(IFADDRMSG);
  body.writeUInt8(family, 0);
  body.writeUInt8(prefixLength, 1);
  body.writeUInt8(scope, 3);
  body.writeUInt32LE(index, 4);
  return body;
}

/** `10.0.0.1/24`, or the bytes of what is neither IPv4 nor IPv6. */
export function describeAddress({family, prefixLength, attributes}: Address): string {
  const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS) ?? Buffer.alloc(0);
  const text = family === AF_INET6 ? (bytes.toString('hex').match(/.{4}/g) ?? []).join(':') : [...bytes].join('.');
  return `${text}/${prefixLength}`;
}

const nameBytes = (name: string): Buffer => Buffer.from(`${name}\0`);
