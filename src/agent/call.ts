// One call of a launcher, as what the command line runs on: its arguments and environment, streams and working directory.
import type {Caller} from '../cli/cli.ts';
import type {Foreground} from '../container/foreground.ts';
import {leave} from '../container/foreground.ts';
import {closeQuietly} from '../container/descriptors.ts';
import type {Context} from '../context.ts';
import {ownOutput} from '../write.ts';
import type {Agent} from './agent.ts';
import type {Connection} from './connection.ts';
import {launcherNative, travelling} from './launcher-native.ts';
import type {Fields} from './messages.ts';

export interface Call {
  readonly caller: Caller;
  /** Tells the launcher the end of it. */
  finish(code: number): void;
}

/** `pid` is the launcher's. */
export function callOf(agent: Agent, connection: Connection, pid: number, ask: Fields<'ask'>): Call {
  const native = launcherNative(agent.native, connection, pid, agent.program);
  const said = {1: '', 2: ''};
  let handOver: (() => void) | undefined;
  const stay = ({stdin, stdout, stderr}: Context, foreground: Foreground, globals: readonly string[]): number => {
    handOver = () => sendStay(connection, foreground, [stdin, stdout, stderr], globals, said[2]);
    return 0;
  };
  const caller: Caller = {
    argv: ask.args,
    environment: environmentOf(ask),
    stdin: 0,
    stdout: 1,
    stderr: 2,
    pid,
    uid: agent.uid,
    gid: agent.gid,
    cwd: () => process.cwd(),
    now: () => new Date(),
    libexec: agent.libexec,
    // The launcher writes it in the end, so that nobody who does not read holds us up.
    output: {
      write(fd, text) {
        if (fd === 1 || fd === 2) said[fd] += text;
        else ownOutput.write(fd, text);
      },
      isTerminal: (fd) => fd === 2 && ask.terminal,
    },
    stay,
    loadNative: () => native,
  };
  const finish = (code: number): void => {
    if (handOver !== undefined) handOver();
    else connection.send('exit', {code, output: Buffer.from(said[1]), errors: Buffer.from(said[2])});
  };
  return {caller, finish};
}

function environmentOf({env, facts}: Fields<'ask'>): Record<string, string> {
  // Names that all objects have are names of variables, too.
  const environment: Record<string, string> = Object.create(null);
  for (const variable of env) {
    const equals = variable.indexOf('=');
    if (equals > 0) environment[variable.slice(0, equals)] ??= variable.slice(equals + 1);
  }
  environment['RUNTS_LAUNCH'] = facts;
  return environment;
}

/** The launcher supervises the program, and has the container removed afterwards (cli/commands/finish.ts). */
function sendStay(
  connection: Connection,
  foreground: Foreground,
  stdio: readonly number[],
  globals: readonly string[],
  errors: string,
): void {
  const {process, master, pipes, removal} = foreground;
  const numbers = travelling([master, ...pipes]);
  const call =
    removal === undefined ? [] : [...globals, 'finish', removal.id, `--started=${removal.startTime}`, '--exit-code='];
  try {
    const fields = {pid: process.pid, master, pipes, stdio, numbers, errors: Buffer.from(errors), removal: call};
    connection.send('stay', fields, [process.pidfd, ...numbers]);
  } finally {
    leave(foreground);
    for (const fd of pipes) closeQuietly(fd);
  }
}
