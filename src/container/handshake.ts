// The talk with runts-init over the sync socket, from its start to the moment when it is on its own:
//
//   runtime                      runts-init
//      | <------------------ hello (build id)
//   proceed -----------------------> |
//      | <--------------- userNamespace          only with a new one
//   proceed -----------------------> |
//      | <------------------------- pid          only when the plan has a `fork`
//   proceed -----------------------> |
//      | <-------------- netDevices (namespace)  only when the config has some
//   proceed -----------------------> |
//      | <----------------- runtimeHooks         only when there are such hooks
//   proceed -----------------------> |
//      | <--------------------- console (fd)     only with a terminal
//      | <----------------- seccomp (fd)         only with SCMP_ACT_NOTIFY
//   proceed -----------------------> |
//      | <----------------------- ready
//   proceed -----------------------> |           the commit: from here on it outlives us
//      | <---------------- end of file           at the gate (create), or as the user's program took over (run)
//
// and at any point `warning`, or `failed` and the end of file.
import type {Context} from '../context.ts';
import {hasCode, RuntsError} from '../errors.ts';
import type {InitMessage} from '../native.ts';
import {type StepLookup, stepFailure} from './failure.ts';
import {SILENCE_MS} from './patience.ts';

type TalkContext = Pick<Context, 'native' | 'log'>;

export interface Talk {
  /** The sync socket, or the result fifo of a gate. */
  readonly channel: number;
  readonly lookup: StepLookup;
  /** Milliseconds of silence after which it is given up; -1: never. */
  readonly patience: number;
}

export interface Handlers {
  hello(build: string): void;
  pid(pid: number): void;
  /** It has had the answer to one of these, and will be at work for a while. */
  atWork(): void;
  /** Writes the id maps of the user namespace that the process has made. */
  userNamespace(): void;
  /** Takes over the fd of the network namespace. */
  netDevices(namespace: number): void;
  runtimeHooks(): void;
  /** Takes over the fd. `name` is the path of the pty's other side. */
  console(master: number, name: string): void;
  /** The listener of the program's seccomp filter; takes over the fd. */
  seccomp(listener: number): void;
  /** What to throw when the channel ends although nothing was said of an end. */
  ended(): RuntsError;
}

/** Goes through the messages until `ready`, which it leaves unanswered. Throws what runts-init tells of. */
export function awaitReady(ctx: TalkContext, agreed: Talk, handlers: Handlers): void {
  let talk = agreed;
  for (;;) {
    const message = receive(ctx, talk);
    switch (message?.type) {
      case undefined:
        throw handlers.ended();
      case 'hello':
        handlers.hello(message.build);
        proceed(ctx, talk, handlers);
        handlers.atWork();
        break;
      case 'pid':
        handlers.pid(message.pid);
        proceed(ctx, talk, handlers);
        handlers.atWork();
        break;
      case 'userNamespace':
        handlers.userNamespace();
        proceed(ctx, talk, handlers);
        break;
      case 'netDevices':
        handlers.netDevices(message.namespace);
        proceed(ctx, talk, handlers);
        break;
      case 'runtimeHooks':
        handlers.runtimeHooks();
        proceed(ctx, talk, handlers);
        break;
      case 'console':
        handlers.console(message.fd, message.name);
        break;
      case 'seccomp':
        handlers.seccomp(message.fd);
        proceed(ctx, talk, handlers);
        // No hook runs from here to `ready`: what takes its time is the agent.
        talk = {...talk, patience: SILENCE_MS};
        break;
      case 'ready':
        return;
      default:
        throw unexpected((message satisfies never as Expected).type);
    }
  }
}

/** Waits for the end of the channel: runts-init has arrived at the gate, or the user's program has taken over. */
export function awaitEnd(ctx: TalkContext, talk: Talk): void {
  const message = receive(ctx, talk);
  if (message !== undefined) throw unexpected(message.type);
}

/** Answers, and learns whether anybody is there to hear it; if not, its last words are the error. */
export function proceed(ctx: TalkContext, talk: Talk, {ended}: Pick<Handlers, 'ended'>): void {
  if (ctx.native.proceed(talk.channel)) return;
  receive(ctx, talk);
  throw ended();
}

type Expected = Exclude<InitMessage, {readonly type: 'warning' | 'failed'}>;

/** The next message that is neither a warning (which is logged) nor a failure (which is thrown). */
function receive(ctx: TalkContext, talk: Talk): Expected | undefined {
  for (;;) {
    const message = receiveInTime(ctx, talk);
    if (message === undefined) return undefined;
    if (message.type === 'failed') {
      const {step, syscall, object, errno} = message;
      ctx.log.debug(`runts-init: step ${step}: ${syscall}(${object}): errno ${errno}`);
      throw stepFailure(talk.lookup, message);
    }
    if (message.type !== 'warning') return message;
    ctx.log.warn(stepWarning(talk.lookup, message));
  }
}

function receiveInTime({native}: TalkContext, {channel, patience}: Talk): InitMessage | undefined {
  try {
    return native.receive(channel, patience);
  } catch (error) {
    if (!hasCode(error, 'ETIMEDOUT')) throw error;
    throw new RuntsError(`the container's first process has said nothing for ${patience / 1000} s`, {cause: error});
  }
}

function stepWarning(lookup: StepLookup, warning: Extract<InitMessage, {readonly type: 'warning'}>): string {
  return `${stepFailure(lookup, {...warning, type: 'failed'}).message}, ignoring`;
}

function unexpected(type: string): RuntsError {
  return new RuntsError(`runts-init sent "${type}" out of turn: it is not the one that belongs to this runts`);
}
