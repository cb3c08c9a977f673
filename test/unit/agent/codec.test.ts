import {describe, expect, it} from 'vitest';
import {decodeFields, encodeFields, nameOf, numberOf} from '../../../src/agent/codec.ts';
import {messages} from '../../../src/agent/messages.ts';

const stay = {
  pid: 4242,
  master: -1,
  pipes: [256, 257, 258],
  stdio: [0, 1, 2],
  numbers: [256, 257, 258],
  errors: Buffer.from('warning: ü\n'),
  removal: ['--root', '/r', 'finish', 'web', '--started=7', '--exit-code='],
};

describe('messages of the agent', () => {
  it('come out as they went in', () => {
    const decoded = decodeFields('stay', Buffer.from(encodeFields('stay', stay)));
    expect({...decoded, errors: Buffer.from(decoded.errors)}).toEqual(stay);
  });

  it('are numbered in the order of the table', () => {
    for (const [index, name] of Object.keys(messages).entries()) expect(nameOf(index)).toBe(name);
    expect(numberOf('ask')).toBe(0);
    expect(nameOf(99)).toBeUndefined();
  });

  it('are refused, wherever they are cut short', () => {
    const whole = Buffer.from(encodeFields('stay', stay));
    for (let size = 0; size < whole.length; size++) {
      expect(() => decodeFields('stay', whole.subarray(0, size))).toThrow(RangeError);
    }
  });

  it('do not make lists that are longer than the message', () => {
    const body = Buffer.from(
      encodeFields('program', {path: '', args: [], env: [], cwd: '', input: Buffer.alloc(0), timeoutMs: 0}),
    );
    body.writeUInt32LE(0xffff_ffff, 5);
    expect(() => decodeFields('program', body)).toThrow(RangeError);
  });
});
