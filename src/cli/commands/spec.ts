import {readFileSync, statfsSync, unlinkSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {errnoText, hasCode, isSyscallError, RuntsError} from '../../errors.ts';
import {defineCommand} from '../options.ts';

const CGROUP2_SUPER_MAGIC = 0x63677270;

export const command = defineCommand({
  name: 'spec',
  usage: '',
  summary: 'write a starter config.json',
  description:
    'Writes a config.json to start from. Its args run "sh", its rootfs is the directory named rootfs of the bundle; ' +
    'edit it to taste.',
  examples: [
    ['mkdir -p bundle/rootfs', 'then fill bundle/rootfs, for example with busybox'],
    ['runts spec --bundle bundle', 'write bundle/config.json'],
    ['runts run --bundle bundle web', 'run it'],
  ],
  arity: {min: 0, max: 0},
  options: [
    {
      name: 'bundle',
      alias: 'b',
      type: 'string',
      path: 'directory',
      description: 'path to the bundle (default: the current directory)',
    },
    {name: 'rootless', type: 'boolean', description: 'for a container without privileges: the caller becomes its root'},
  ],
  async run(context, input) {
    const {specText} = await import('../spec.ts');
    const text = specText({
      rootless: input.options.rootless ? input.caller : undefined,
      cgroup2: isCgroup2('/sys/fs/cgroup'),
      coveredProc: hasCoveredProc(),
    });
    writeNew(resolve(context.cwd, input.options.bundle ?? '.'), text);
    return {};
  },
});

function writeNew(bundle: string, text: string): void {
  const path = join(bundle, 'config.json');
  try {
    writeFileSync(path, text, {flag: 'wx', mode: 0o666});
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    if (error.code === 'EEXIST') throw new RuntsError('File config.json exists. Remove it first');
    // The disk is full: half a file must not stand in the way of the next attempt.
    if (error.syscall === 'write') unlinkSync(path);
    const object = hasCode(error, 'ENOENT', 'ENOTDIR') ? `--bundle ${bundle}` : path;
    throw new RuntsError(`cannot write ${object}: ${errnoText(error.errno)}`, {cause: error});
  }
}

function isCgroup2(path: string): boolean {
  try {
    return statfsSync(path).type === CGROUP2_SUPER_MAGIC;
  } catch {
    return false;
  }
}

/** What the kernel has made empty, for filesystems to be mounted there, does not count. */
const MOUNT_POINTS_OF_PROC = ['/proc/sys/fs/binfmt_misc', '/proc/fs/nfsd'];

/** Whether anything is mounted over parts of /proc: in containers it is (proc_pid_mountinfo(5)). */
function hasCoveredProc(): boolean {
  const points = readFileSync('/proc/self/mountinfo', 'utf8').matchAll(/^\d+ \d+ \S+ \S+ (\/proc\/\S+) /gm);
  return [...points].some(([, point = '']) => !MOUNT_POINTS_OF_PROC.includes(point));
}
