// process.env as the container's program gets it.
import type {PlanInput} from './input.ts';
import {NOTIFY_SOCKET, NOTIFY_TARGET} from './notify.ts';

/** Of entries with the same name the last one counts. */
export function lastOfEach(entries: readonly string[]): string[] {
  const last = new Map(entries.map((entry, index) => [nameOf(entry), index]));
  return entries.filter((entry, index) => last.get(nameOf(entry)) === index);
}

/** Sockets of LISTEN_FDS are told to the container's first process, whose pid it is as far as it can see. */
export function containerEnvironment({config, options}: PlanInput): string[] {
  const entries = [...(config.process.env ?? [])];
  const {listenFds = 0, notifyDirectory} = options;
  if (listenFds > 0) entries.push(`LISTEN_FDS=${listenFds}`, 'LISTEN_PID=1');
  if (notifyDirectory !== undefined) entries.push(`NOTIFY_SOCKET=${NOTIFY_TARGET}/${NOTIFY_SOCKET}`);
  return lastOfEach(entries);
}

/** PATH of an environment; empty when it has none: then nothing is found that is not named with a slash, as in runc. */
export function searchPath(env: readonly string[]): string {
  return env.find((entry) => nameOf(entry) === 'PATH')?.slice('PATH='.length) ?? '';
}

function nameOf(entry: string): string {
  const equals = entry.indexOf('=');
  return equals < 0 ? entry : entry.slice(0, equals);
}
