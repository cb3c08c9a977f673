// Bytes are those that protoc makes of the same messages.
import {describe, expect, it} from 'vitest';
import {decodeResponse, encodeRequest} from '../../../src/criu/messages.ts';
import {decode, encode} from '../../../src/criu/wire.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Buffer => Buffer.from(text, 'hex');

const schema = {
  number: [1, 'number'],
  flag: [2, 'boolean'],
  text: [3, 'string'],
  inner: [16, {deep: [1, 'number']}],
} as const;

describe('encoding', () => {
  it.each([
    [{number: 0}, '0800'],
    [{number: 150}, '089601'],
    [{number: -1}, '08ffffffffffffffffff01'],
    [{flag: true}, '1001'],
    [{flag: false}, '1000'],
    [{text: 'testing'}, '1a0774657374696e67'],
    [{text: ''}, '1a00'],
    [{text: 'ü'}, '1a02c3bc'],
    [{text: ['a', 'b']}, '1a01611a0162'],
    [{inner: {deep: 1}}, '8201020801'],
    [{inner: [{deep: 1}, {}]}, '8201020801820100'],
    [{number: undefined, text: 'a'}, '1a0161'],
  ])('%j is %s', (message, expected) => {
    expect(hex(encode(schema, message))).toBe(expected);
  });

  it('of a request to criu', () => {
    const opts = {imagesDirFd: 7, pid: 300, logFile: 'dump.log', extMnt: [{key: '/a', val: '/b'}], emptyNs: 0x40000000};
    expect(hex(encodeRequest({type: 1, opts}))).toBe(
      '08011221080710ac02520864756d702e6c6f67ba01080a022f6112022f62b0028080808004',
    );
    expect(hex(encodeRequest({type: 6, notifySuccess: true}))).toBe('08061801');
  });
});

describe('decoding', () => {
  it('gives what was encoded', () => {
    const message = {number: -5, flag: true, text: 'x', inner: {deep: 2 ** 40}};
    expect(decode(schema, encode(schema, message))).toEqual(message);
  });

  it('passes over what the schema does not have', () => {
    expect(decode(schema, bytes('28012d0102030431010203040506070832026161' + '0805'))).toEqual({number: 5});
  });

  it.each(['08', '1a05', '1a0561', '0880', `08${'ff'.repeat(10)}`, '0b', '0a00', '1801'])('%s is refused', (text) => {
    expect(() => decode(schema, bytes(text))).toThrow(RangeError);
  });

  it('of answers of criu', () => {
    expect(decodeResponse(bytes('080610012a110a0c706f73742d726573746f726510ac02'))).toEqual({
      type: 6,
      success: true,
      notify: {script: 'post-restore', pid: 300},
    });
    expect(decodeResponse(bytes('08011000380c'))).toEqual({type: 1, success: false, errno: 12});
    expect(decodeResponse(bytes('080a10015206080310112001'))).toEqual({
      type: 10,
      success: true,
      version: {major: 3, minor: 17, sublevel: 1},
    });
  });
});
