// The processes of a container, as the host sees them: its cgroup knows.
import {spawnSync} from 'node:child_process';
import {howToGetCgroup, mainDirectory, processes} from '../cgroups/index.ts';
import type {Context} from '../context.ts';
import {errnoText, isSyscallError, RuntsError} from '../errors.ts';
import {viewContainer} from './status.ts';

/** More than any table of processes has. */
const MAX_OUTPUT = 1 << 28;

/** Pids of all processes of a container and of what it made below its cgroup; none when it has stopped. */
export function listProcesses(ctx: Context, id: string): number[] {
  const {record} = viewContainer(ctx, id);
  if (mainDirectory(record.cgroup) === undefined) {
    throw new RuntsError(
      `the container has no cgroup, so its processes are not known: ${howToGetCgroup(record.cgroup.version)}`,
    );
  }
  return processes(record.cgroup);
}

/** What the host's ps(1) prints with `args`, without the lines of processes that are not the container's. */
export function processTable(ctx: Context, id: string, args: readonly string[]): string {
  const pids = new Set(listProcesses(ctx, id).map(String));
  const [header = '', ...lines] = runPs(ctx, args.length === 0 ? ['-ef'] : args).split('\n');
  const column = header.trim().split(/\s+/).indexOf('PID');
  if (column < 0) throw new RuntsError("couldn't find PID field in ps output");
  return [header, ...lines.filter((line) => pids.has(line.trim().split(/\s+/)[column] ?? ''))].join('\n').concat('\n');
}

function runPs({env, cwd}: Context, args: readonly string[]): string {
  const {error, status, stdout, stderr} = spawnSync('ps', args, {cwd, env, encoding: 'utf8', maxBuffer: MAX_OUTPUT});
  if (error !== undefined) {
    const reason = isSyscallError(error) ? errnoText(error.errno) : error.message;
    throw new RuntsError(`cannot run ps: ${reason}: --format json does without it`, {cause: error});
  }
  if (status !== 0) throw new RuntsError(`ps ${args.join(' ')}: exit status ${status}: ${stderr.trim()}`);
  return stdout;
}
