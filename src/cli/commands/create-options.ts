// The options that `create` and `run` share.
import type {CreateOptions} from '../../container/create.ts';
import type {Context} from '../../context.ts';
import {type CommandInput, defineOptions} from '../options.ts';

export const createOptions = defineOptions([
  {
    name: 'bundle',
    alias: 'b',
    type: 'string',
    path: 'directory',
    description: 'path to the root of the bundle directory (default: the current directory)',
  },
  {
    name: 'config',
    alias: 'f',
    type: 'string',
    path: 'file',
    description: 'configuration file to use instead of config.json of the bundle',
  },
  {
    name: 'console-socket',
    type: 'string',
    path: 'file',
    description: "path to an AF_UNIX socket that receives the master end of the container's pseudoterminal",
  },
  {
    name: 'pidfd-socket',
    type: 'string',
    path: 'file',
    description: "path to an AF_UNIX socket that receives a pidfd of the container's first process",
  },
  {name: 'pid-file', type: 'string', path: 'file', description: 'file to write the process id to'},
  {
    name: 'no-pivot',
    type: 'boolean',
    description: 'move the root mount instead of pivot_root, for a rootfs on a ramdisk',
  },
  {
    name: 'no-new-keyring',
    type: 'boolean',
    description: "do not create a session keyring for the container: it shares the caller's",
  },
  {
    name: 'preserve-fds',
    type: 'number',
    default: 0,
    description: 'pass N more file descriptors to the container (stdio + $LISTEN_FDS + N in total)',
  },
]);

/** The given options as those of the library. */
export function toCreateOptions(context: Context, input: CommandInput<typeof createOptions>): CreateOptions {
  const {options} = input;
  // Scripts also pass empty paths.
  return {
    bundle: options.bundle || context.cwd,
    ...(options.config ? {config: options.config} : {}),
    ...(options['console-socket'] ? {consoleSocket: options['console-socket']} : {}),
    ...(options['pidfd-socket'] ? {pidfdSocket: options['pidfd-socket']} : {}),
    ...(options['pid-file'] ? {pidFile: options['pid-file']} : {}),
    noPivot: options['no-pivot'],
    noNewKeyring: options['no-new-keyring'],
    preserveFds: options['preserve-fds'],
    ...(input.systemdCgroup ? {systemdCgroup: true} : {}),
  };
}

/** Of both commands' help. */
export const bundleText =
  'The container-id is your name for the container; it must be unique on this host. The bundle is a directory with a ' +
  'configuration named config.json and a root filesystem; see "runts spec --help" for how to get a first one.';
