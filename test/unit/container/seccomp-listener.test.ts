import {describe, expect, it} from 'vitest';
import {awaitReady, type Handlers} from '../../../src/container/handshake.ts';
import {specState} from '../../../src/container/hooks.ts';
import {SILENCE_MS} from '../../../src/container/patience.ts';
import {type Listened, sendListener} from '../../../src/container/seccomp-listener.ts';
import {RuntsError} from '../../../src/errors.ts';
import type {InitMessage, Native} from '../../../src/native.ts';
import {fakeNative, hello, ready, syscallError, testContext, throwing} from './fakes.ts';

const LISTENER = 9;
const seccomp = {listenerPath: '/run/agent.sock'};

/** What the agent gets of a process. */
function sent(listened: Listened, more: {listenerMetadata?: string} = {}): unknown {
  const requests: {path: string; payload: string; fd: number}[] = [];
  const native = {sendFd: (request) => void requests.push(request)} as Partial<Native> as Native;
  sendListener({native}, {...seccomp, ...more}, listened, LISTENER);
  expect(requests.map(({path, fd}) => [path, fd])).toEqual([['/run/agent.sock', LISTENER]]);
  return JSON.parse(requests[0]?.payload ?? '');
}

describe('the container process state', () => {
  const subject = {id: 'web', bundle: '/bundle'};

  it('is that of the first process, without what there is not', () => {
    const state = specState(subject, 'creating', 7);
    expect(sent({pid: 7, state})).toEqual({
      ociVersion: '1.3.0',
      fds: ['seccompFd'],
      pid: 7,
      state: {ociVersion: '1.3.0', id: 'web', status: 'creating', pid: 7, bundle: '/bundle'},
    });
  });

  it('of another process of a running container has that one and the first', () => {
    const state = specState({...subject, annotations: {a: 'b'}}, 'running', 7);
    expect(sent({pid: 8, state}, {listenerMetadata: 'm'})).toMatchObject({
      pid: 8,
      metadata: 'm',
      state: {status: 'running', pid: 7, annotations: {a: 'b'}},
    });
  });
});

describe('an agent that does not take the listener', () => {
  it.each([
    ['ENOENT', 'connect', 'ENOENT (no such file or directory): no agent has made this socket'],
    ['ECONNREFUSED', 'connect', 'ECONNREFUSED (connection refused): no agent listens there any more'],
    ['EPIPE', 'sendmsg', 'EPIPE (broken pipe): the agent has closed the connection'],
    ['EACCES', 'connect', 'EACCES (permission denied)'],
  ])('%s', (code, call, words) => {
    const {native} = fakeNative({sendFd: throwing(syscallError(code, call))});
    const state = specState({id: 'web', bundle: '/'}, 'creating', 7);
    expect(() => sendListener({native}, seccomp, {pid: 7, state}, LISTENER)).toThrow(
      `config.json#/linux/seccomp/listenerPath: failed to connect with seccomp agent at /run/agent.sock: ${call}: ${words}`,
    );
  });
});

describe('the talk with runts-init', () => {
  it('has an end once the agent decides, even where a hook might take for ever', () => {
    const says: InitMessage[] = [hello, {type: 'seccomp', fd: LISTENER}, ready];
    const waits: number[] = [];
    const {native, events} = fakeNative();
    const ctx = testContext({
      ...native,
      receive(_, timeout) {
        waits.push(timeout);
        return says.shift();
      },
    });
    const never = () => {
      throw new RuntsError('unexpected');
    };
    const handlers: Handlers = {
      hello: () => {},
      atWork: () => {},
      pid: never,
      userNamespace: never,
      netDevices: never,
      runtimeHooks: never,
      console: never,
      seccomp: (listener) => void events.push(`listener ${listener}`),
      ended: () => new RuntsError('ended'),
    };
    awaitReady(ctx, {channel: 3, lookup: () => undefined, patience: -1}, handlers);
    expect(waits).toEqual([-1, -1, SILENCE_MS]);
    expect(events).toEqual(['proceed', `listener ${LISTENER}`, 'proceed']);
  });
});
