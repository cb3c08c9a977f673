// Requests of rtnetlink(7) and their answers, as bytes: netlink(7), linux/netlink.h. Little-endian, as are all machines
// that runts is built for.
import {readSync, writeSync} from 'node:fs';
import {getSystemErrorMap} from 'node:util';
import type {SyscallFacts} from '../errors.ts';

const HEADER = 16;
const ATTRIBUTE_HEADER = 4;
/** struct nlmsgerr without its payload: an errno and the header of the request. */
const ACK = 4 + HEADER;
/** The kernel makes its dumps fit into 32 KiB. */
const BUFFER = 64 * 1024;
/** A table that changes while it is read is read again. */
const DUMP_TRIES = 20;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLMSG_OVERRUN = 4;
const NLMSGERR_ATTR_MSG = 1;
const NLA_TYPE_MASK = 0x3fff;

const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_DUMP_INTR = 0x10;
const NLM_F_ACK_TLVS = 0x200;
const NLM_F_DUMP = 0x300;

export type Attribute = readonly [type: number, value: Uint8Array];

export interface Request {
  /** RTM_*, and its name for messages. */
  readonly type: number;
  readonly name: string;
  /** Beside REQUEST and ACK. */
  readonly flags?: number;
  /** The fixed part, such as struct ifinfomsg. */
  readonly body: Uint8Array;
  readonly attributes?: readonly Attribute[];
}

interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Buffer;
}

/** An error of the kernel's: the facts of a system call, and its own sentence when it has one. */
export class NetlinkError extends Error implements SyscallFacts {
  readonly errno: number;
  readonly code: string;
  readonly syscall: string;
  readonly sentence: string;

  constructor(request: string, errno: number, sentence: string) {
    const [code, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
    super(`${code}: ${text}, ${request}`);
    this.errno = -errno;
    this.code = code;
    this.syscall = request;
    this.sentence = sentence;
  }
}

/** Reads and writes whole datagrams. */
export interface Transport {
  /** For the next request; its answers have it, too. */
  number(): number;
  send(datagram: Uint8Array): void;
  receive(): Buffer;
}

/** A socket of native.netlinkSocket(). */
export function socketTransport(fd: number): Transport {
  let count = 0;
  return {
    number: () => ++count,
    send: (datagram) => void writeSync(fd, datagram),
    receive() {
      const buffer = Buffer.allocUnsafe(BUFFER);
      return buffer.subarray(0, readSync(fd, buffer));
    },
  };
}

/** Sends a request, waits for its ack and returns the bodies of the answers before it. Throws NetlinkError. */
export function ask(transport: Transport, request: Request): Buffer[] {
  return exchange(transport, request, NLM_F_ACK).bodies;
}

/** Reads a table (RTM_GET*) to its end, again when it has changed meanwhile. */
export function dump(transport: Transport, request: Request): Buffer[] {
  for (let round = 0; round < DUMP_TRIES; round++) {
    const {bodies, interrupted} = exchange(transport, request, NLM_F_DUMP);
    if (!interrupted) return bodies;
  }
  throw new NetlinkError(request.name, 4, 'the table keeps changing');
}

function exchange(transport: Transport, request: Request, flags: number) {
  const number = transport.number();
  transport.send(encodeRequest(request, flags, number));
  const bodies: Buffer[] = [];
  let interrupted = false;
  for (;;) {
    for (const message of parseMessages(transport.receive(), request.name)) {
      if (message.sequence !== number) continue; // of a request that was given up
      interrupted ||= (message.flags & NLM_F_DUMP_INTR) !== 0;
      if (message.type === NLMSG_OVERRUN) throw new NetlinkError(request.name, 105, 'data was lost');
      if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) {
        bodies.push(message.body);
        continue;
      }
      checkEnd(message, request.name);
      return {bodies, interrupted};
    }
  }
}

/** The end of an answer is an errno: negative, or 0. */
function checkEnd({type, flags, body}: Message, request: string): void {
  if (body.length < 4) throw malformed(request);
  const errno = -body.readInt32LE(0);
  if (errno === 0) return;
  const at = type === NLMSG_ERROR ? ACK : 4;
  const words = (flags & NLM_F_ACK_TLVS) === 0 ? undefined : parseAttributes(body, at).get(NLMSGERR_ATTR_MSG);
  throw new NetlinkError(request, errno, words === undefined ? '' : textOf(words));
}

export function encodeRequest({type, flags = 0, body, attributes = []}: Request, more: number, number: number): Buffer {
  const parts = [Buffer.from(body), ...attributes.map(encodeAttribute)];
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(HEADER + parts.reduce((sum, part) => sum + part.length, 0), 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(NLM_F_REQUEST | flags | more, 6);
  header.writeUInt32LE(number, 8);
  return Buffer.concat([header, ...parts]);
}

function encodeAttribute([type, value]: Attribute): Buffer {
  const bytes = Buffer.alloc(aligned(ATTRIBUTE_HEADER + value.length));
  bytes.writeUInt16LE(ATTRIBUTE_HEADER + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, ATTRIBUTE_HEADER);
  return bytes;
}

/** The messages of a datagram; throws when its lengths do not add up. */
export function parseMessages(datagram: Buffer, request: string): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < datagram.length; ) {
    if (datagram.length - at < HEADER) throw malformed(request);
    const length = datagram.readUInt32LE(at);
    if (length < HEADER || length > datagram.length - at) throw malformed(request);
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      body: datagram.subarray(at + HEADER, at + length),
    });
    at += aligned(length);
  }
  if (messages.length === 0) throw malformed(request);
  return messages;
}

/** The attributes of a body from `offset` on, by type; of several of a type the last. */
export function parseAttributes(body: Buffer, offset: number): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = offset; body.length - at >= ATTRIBUTE_HEADER; ) {
    const length = body.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER || length > body.length - at) throw malformed('rtnetlink');
    attributes.set(body.readUInt16LE(at + 2) & NLA_TYPE_MASK, body.subarray(at + ATTRIBUTE_HEADER, at + length));
    at += aligned(length);
  }
  return attributes;
}

/** A string up to its NUL. */
export function textOf(value: Buffer): string {
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end < 0 ? value.length : end);
}

const aligned = (length: number): number => (length + 3) & ~3;

const malformed = (request: string): NetlinkError => new NetlinkError(request, 71, 'the answer is malformed');
