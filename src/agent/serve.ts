// The agent's work: one call after another. Each is done from beginning to end before the next one, as commands are
// functions that wait; whoever waits for too long meanwhile goes to Node (addon/launcher/claim.h). Nothing of a call is left
// when it is over: no fd, no working directory, no umask.
import {closeSync} from 'node:fs';
import {runCli} from '../cli/cli.ts';
import {closeQuietly} from '../container/descriptors.ts';
import type {Context} from '../context.ts';
import {messageOf} from '../errors.ts';
import {buildId} from '../generated/build-id.ts';
import type {AgentNative, Peer} from '../native.ts';
import {sleep} from '../state/lock.ts';
import {type Agent, isOutdated} from './agent.ts';
import {callOf} from './call.ts';
import {take} from './claim.ts';
import {type Answer, type Connection, connectionOf, LauncherGone} from './connection.ts';
import {createCollector} from './garbage.ts';
import {FIRST_AGENT_FD, PROTOCOL_VERSION} from './messages.ts';
import {reasonToDecline} from './served.ts';
import {reasonAgainst} from './trust.ts';

/** A launcher speaks as soon as it has connected. */
const FIRST_WORDS_MS = 500;
/** Of a `run` the second call, which removes the container, comes sooner. */
const LULL_MS = 2;

export interface Counts {
  answered: number;
  declined: number;
}

/** Answers calls until nobody has called for `idleMs` (-1: for ever), or it is to end, or other files are installed. */
export async function serve(
  ctx: Pick<Context, 'log'>,
  agent: Agent,
  listener: number,
  idleMs: number,
): Promise<Counts> {
  const {native} = agent;
  const counts = {answered: 0, declined: 0};
  const garbage = createCollector();
  native.raiseDescriptors(FIRST_AGENT_FD);
  process.chdir('/');
  let current = true;
  while (current && !native.isTerminated()) {
    const peer = nextPeer(ctx, native, listener, garbage.isDue ? LULL_MS : idleMs);
    if (peer === undefined) {
      if (!garbage.isDue) break;
      garbage.collect();
      continue;
    }
    if (peer === 'none') continue;
    try {
      current = !isOutdated(agent);
      await attend(ctx, agent, peer, current, counts);
    } catch (error) {
      if (!(error instanceof LauncherGone)) ctx.log.warn(`call of process ${peer.pid}: ${messageOf(error)}, ignoring`);
    } finally {
      closeSync(peer.connection);
      if (peer.pidfd >= 0) closeSync(peer.pidfd);
    }
    // What V8 and Node have put off, such as freeing what the call has left, waits for a turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    garbage.count();
  }
  return counts;
}

/** Out of fds or memory it is no use to try again at once. */
const BREATH_MS = 100;

function nextPeer(
  ctx: Pick<Context, 'log'>,
  native: AgentNative,
  listener: number,
  idleMs: number,
): Peer | 'none' | undefined {
  try {
    return native.agentAccept(listener, idleMs);
  } catch (error) {
    ctx.log.warn(`cannot accept a call: ${messageOf(error)}, ignoring`);
    sleep(BREATH_MS);
    return 'none';
  }
}

async function attend(
  {log}: Pick<Context, 'log'>,
  agent: Agent,
  peer: Peer,
  current: boolean,
  counts: Counts,
): Promise<void> {
  const connection = connectionOf(agent.native, peer.connection);
  const decline = (reason: string): void => {
    counts.declined++;
    log.debug(`call of process ${peer.pid} declined: ${reason}`);
    connection.send('decline', {reason});
  };
  // Nothing is read of a stranger: it could be of any size, and take any time.
  const distrust = reasonAgainst(agent.native, agent.trust, peer.pid, peer.pidfd);
  if (distrust !== undefined) return decline(distrust);
  const asked = connection.receive('ask', FIRST_WORDS_MS);
  let finish: (() => void) | undefined;
  try {
    const [claim = -1, directory = -1] = asked.fds;
    const reason = current ? reasonFor(asked) : 'it is not the one that is installed now';
    if (reason !== undefined) {
      decline(reason);
    } else if (take(claim)) {
      counts.answered++;
      finish = await answer(agent, connection, peer.pid, asked, directory);
    }
  } finally {
    for (const fd of asked.fds) closeQuietly(fd);
  }
  // Only now: his working directory is not ours any more, and whoever waits for the launcher may unmount it.
  finish?.();
}

function reasonFor({fields: {version, build, args}}: Answer<'ask'>): string | undefined {
  if (version !== PROTOCOL_VERSION || build !== buildId) return 'it is of another build';
  return reasonToDecline(args);
}

/** Returns what tells the launcher the end of it. */
async function answer(
  agent: Agent,
  connection: Connection,
  pid: number,
  {fields}: Answer<'ask'>,
  directory: number,
): Promise<() => void> {
  const call = callOf(agent, connection, pid, fields);
  const umask = process.umask(fields.umask);
  try {
    process.chdir(`/proc/self/fd/${directory}`);
    const code = await runCli(call.caller);
    return () => call.finish(code);
  } finally {
    process.chdir('/');
    process.umask(umask);
  }
}
