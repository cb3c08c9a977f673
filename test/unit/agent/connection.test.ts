import {closeSync, fstatSync, openSync} from 'node:fs';
import {expect, it} from 'vitest';
import {encodeFields, numberOf} from '../../../src/agent/codec.ts';
import {connectionOf, LauncherGone} from '../../../src/agent/connection.ts';

const sent = encodeFields('sent', {error: 0, syscall: ''});

function receive(type: number, body: Uint8Array): {fd: number; receive: () => unknown} {
  const fd = openSync('/dev/null', 'r');
  const native = {channelSend: () => {}, channelReceive: () => ({type, body: Buffer.from(body), fds: [fd]})};
  return {fd, receive: () => connectionOf(native, -1).receive('sent', -1)};
}

it('a message comes with its fds', () => {
  const {fd, receive: it} = receive(numberOf('sent'), sent);
  expect(it()).toEqual({fields: {error: 0, syscall: ''}, fds: [fd]});
  closeSync(fd);
});

it.each([
  ['out of turn', numberOf('ran'), sent],
  ['that is shorter than it says', numberOf('sent'), sent.subarray(0, 6)],
])('of a message %s no fd is left open', (_, type, body) => {
  const {fd, receive: it} = receive(type, body);
  expect(it).toThrow(LauncherGone);
  expect(() => fstatSync(fd)).toThrow('EBADF');
});
