import {describe, expect, it} from 'vitest';
import {addAddress, addressesOf, describeAddress, findLink, isPermanentGlobal} from '../../../src/host/links.ts';
import {
  ask,
  dump,
  encodeRequest,
  NetlinkError,
  parseAttributes,
  parseMessages,
  type Transport,
} from '../../../src/host/netlink.ts';

const DONE = 3;
const ERROR = 2;
const INTERRUPTED = 0x10;
const TLVS = 0x200;

/** An answer as the kernel would send it; `sequence` comes from the request. */
function message(type: number, flags: number, body: Buffer, sequence = 0): Buffer {
  const bytes = Buffer.alloc(16 + ((body.length + 3) & ~3));
  bytes.writeUInt32LE(16 + body.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags, 6);
  bytes.writeUInt32LE(sequence, 8);
  body.copy(bytes, 16);
  return bytes;
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, 4);
  return bytes;
}

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const ack = (errno: number, ...more: Buffer[]): Buffer => Buffer.concat([int(-errno), Buffer.alloc(16), ...more]);

/** Answers each request with these datagrams, given the request's sequence number. */
function kernel(...answers: ((sequence: number) => Buffer)[]): Transport & {readonly sent: Buffer[]} {
  const sent: Buffer[] = [];
  return {
    sent,
    number: () => 7 + sent.length,
    send: (datagram) => void sent.push(Buffer.from(datagram)),
    receive: () => (answers.shift() as (sequence: number) => Buffer)((sent.at(-1) as Buffer).readUInt32LE(8)),
  };
}

const request = {type: 18, name: 'RTM_GETLINK', body: Buffer.alloc(16)};

describe('netlink', () => {
  it('lays a request out as the kernel reads it', () => {
    const bytes = encodeRequest({...request, attributes: [[3, Buffer.from('lo\0')]]}, 4, 7);
    expect(bytes.toString('hex')).toBe(`28000000120005000700000000000000${'00'.repeat(16)}070003006c6f0000`);
  });

  it('returns the answers before the ack, and skips those to other requests', () => {
    const net = kernel(
      (sequence) => message(16, 0, Buffer.from('old'), sequence - 1),
      (sequence) => message(16, 0, Buffer.from('one'), sequence),
      (sequence) => message(ERROR, 0, ack(0), sequence),
    );
    expect(ask(net, request).map(String)).toEqual(['one']);
  });

  it('throws the errno with the sentence of the kernel', () => {
    const words = attribute(1, Buffer.from('The interface netns is immutable\0'));
    const net = kernel((sequence) => message(ERROR, TLVS, ack(22, words), sequence));
    expect(() => ask(net, request)).toThrow(
      expect.objectContaining({
        errno: -22,
        code: 'EINVAL',
        syscall: 'RTM_GETLINK',
        sentence: 'The interface netns is immutable',
      }),
    );
  });

  it('reads a table again that changed while it was read', () => {
    const net = kernel(
      (sequence) => message(16, INTERRUPTED, Buffer.from('torn'), sequence),
      (sequence) => message(DONE, 0, int(0), sequence),
      (sequence) =>
        Buffer.concat([message(16, 0, Buffer.from('aa'), sequence), message(16, 0, Buffer.from('bb'), sequence)]),
      (sequence) => message(DONE, 0, int(0), sequence),
    );
    expect(dump(net, request).map((body) => body.toString())).toEqual(['aa', 'bb']);
    expect(net.sent.length).toBe(2);
  });

  it('gives up on a table that always changes', () => {
    const answers = Array.from({length: 20}, () => (sequence: number) => message(DONE, INTERRUPTED, int(0), sequence));
    expect(() => dump(kernel(...answers), request)).toThrow(NetlinkError);
  });

  it('throws the error at the end of a table', () => {
    const net = kernel((sequence) => message(DONE, 0, int(-1), sequence));
    expect(() => dump(net, request)).toThrow(expect.objectContaining({code: 'EPERM'}));
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a header', Buffer.alloc(8)],
    ['a length below that of the header', message(16, 0, Buffer.alloc(4)).fill(3, 0, 1)],
    ['a length beyond the datagram', message(16, 0, Buffer.alloc(4)).fill(0xff, 0, 2)],
  ])('refuses %s', (_, datagram) => {
    expect(() => parseMessages(datagram, 'RTM_GETLINK')).toThrow(expect.objectContaining({code: 'EPROTO'}));
  });

  it.each([
    ['shorter than its header', Buffer.from([3, 0, 1, 0])],
    ['longer than the message', Buffer.from([9, 0, 1, 0, 1, 2, 3, 4])],
  ])('refuses an attribute %s', (_, body) => {
    expect(() => parseAttributes(body, 0)).toThrow(expect.objectContaining({code: 'EPROTO'}));
  });

  it('reads attributes whatever flags their types have', () => {
    const body = Buffer.concat([attribute(0x8003, Buffer.from('x\0')), attribute(4, int(7))]);
    expect([...parseAttributes(body, 0)].map(([type, value]) => [type, value.toString('hex')])).toEqual([
      [3, '7800'],
      [4, '07000000'],
    ]);
  });
});

describe('devices', () => {
  it('that are not there are undefined', () => {
    const net = kernel((sequence) => message(ERROR, 0, ack(19), sequence));
    expect(findLink(net, 'nope')).toBeUndefined();
  });

  it('are found with their index, name and state', () => {
    const body = Buffer.concat([int(0), int(7), int(1), int(0), attribute(3, Buffer.from('eth0\0'))]);
    const net = kernel(
      (sequence) => message(16, 0, body, sequence),
      (sequence) => message(ERROR, 0, ack(0), sequence),
    );
    expect(findLink(net, 'alias')).toEqual({index: 7, name: 'eth0', up: true});
  });

  const address = (index: number, flags: number, scope: number): Buffer =>
    Buffer.concat([
      Buffer.from([2, 24, flags, scope]),
      int(index),
      attribute(1, Buffer.from([10, 0, 0, 1])),
      attribute(2, Buffer.from([10, 0, 0, 1])),
      attribute(3, Buffer.from('eth0:x\0')),
      attribute(8, int(flags | 0x200)),
    ]);

  it('have addresses, of which those that are permanent and global are told apart', () => {
    const net = kernel(
      (sequence) =>
        Buffer.concat([
          message(20, 0, address(7, 0x80, 0), sequence),
          message(20, 0, address(7, 0, 0), sequence),
          message(20, 0, address(7, 0x80, 253), sequence),
          message(20, 0, address(8, 0x80, 0), sequence),
        ]),
      (sequence) => message(DONE, 0, int(0), sequence),
    );
    const found = addressesOf(net, 7);
    expect(found.map(isPermanentGlobal)).toEqual([true, false, false]);
    expect(found.map(describeAddress)).toEqual(Array(3).fill('10.0.0.1/24'));
  });

  it('get an address without what the kernel sets, and without its label unless it is the old device', () => {
    const net = kernel(
      (sequence) => message(20, 0, address(7, 0xc0, 0), sequence),
      (sequence) => message(DONE, 0, int(0), sequence),
      (sequence) => message(ERROR, 0, ack(0), sequence),
      (sequence) => message(ERROR, 0, ack(0), sequence),
    );
    const [found] = addressesOf(net, 7);
    for (const as of ['new', 'it was'] as const) addAddress(net, 9, found as never, as);
    const [, asNew, asItWas] = net.sent.map((bytes) => [...parseAttributes(bytes, 24)]);
    expect(asNew?.map(([type]) => type)).toEqual([1, 2, 8]);
    expect(asItWas?.map(([type]) => type)).toEqual([1, 2, 3, 8]);
    expect(asNew?.at(-1)?.[1].readUInt32LE(0)).toBe(0x200);
  });
});
