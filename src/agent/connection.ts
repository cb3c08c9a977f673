// The talk with one launcher: messages out, and its answers.
import {closeSync} from 'node:fs';
import type {AgentNative} from '../native.ts';
import {decodeFields, encodeFields, nameOf, numberOf} from './codec.ts';
import type {Fields, MessageName} from './messages.ts';

/** The launcher has gone, or does not answer: its call is void. */
export class LauncherGone extends Error {
  override readonly name = 'LauncherGone';
}

export interface Answer<Name extends MessageName> {
  readonly fields: Fields<Name>;
  readonly fds: readonly number[];
}

export interface Connection {
  /** False once it has failed. */
  readonly alive: boolean;
  /** Throws LauncherGone. */
  send<Name extends MessageName>(name: Name, fields: Fields<Name>, fds?: readonly number[]): void;
  /** Waits for the message that has to come next; timeoutMs -1: for ever. Throws LauncherGone. */
  receive<Name extends MessageName>(name: Name, timeoutMs: number): Answer<Name>;
}

type ChannelNative = Pick<AgentNative, 'channelSend' | 'channelReceive'>;

export function connectionOf(native: ChannelNative, fd: number): Connection {
  let alive = true;
  const attempt = <Result>(action: () => Result): Result => {
    if (!alive) throw new LauncherGone();
    try {
      return action();
    } catch (cause) {
      alive = false;
      throw new LauncherGone('the launcher has gone', {cause});
    }
  };
  return {
    get alive() {
      return alive;
    },
    send: (name, fields, fds = []) =>
      attempt(() => native.channelSend(fd, numberOf(name), encodeFields(name, fields), fds)),
    receive: (name, timeoutMs) =>
      attempt(() => {
        const message = native.channelReceive(fd, timeoutMs);
        if (message === undefined) throw new Error('end of file');
        try {
          if (nameOf(message.type) !== name) throw new Error(`message ${message.type} out of turn`);
          return {fields: decodeFields(name, message.body), fds: message.fds};
        } catch (error) {
          for (const stray of message.fds) closeSync(stray);
          throw error;
        }
      }),
  };
}
