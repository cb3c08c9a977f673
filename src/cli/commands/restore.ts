import {defineCommand} from '../options.ts';
import {criuOptions, given, toCriuChoices} from './criu-options.ts';

export const command = defineCommand({
  name: 'restore',
  usage: '<container-id>',
  summary: 'bring a container back from a checkpoint',
  description:
    'Brings a container back from the files that "runts checkpoint" has saved, waits for its end and deletes it. The exit ' +
    'code is as of "runts run". The bundle is the one that it was made from, or one like it: it says where mounts, namespaces ' +
    'and cgroups are to be found now, and its root filesystem must hold what the processes had open. When criu fails its log, restore.log, says why.',
  examples: [
    ['runts restore --bundle /tmp/bundle --image-path /tmp/saved ubuntu01', 'bring the container ubuntu01 back'],
    ['runts restore --detach --pid-file /tmp/pid ubuntu01', 'from ./checkpoint, and do not wait for its end'],
  ],
  arity: {min: 1, max: 1},
  newContainer: true,
  options: [
    ...criuOptions,
    {
      name: 'bundle',
      alias: 'b',
      type: 'string',
      path: 'directory',
      description: 'path to the root of the bundle directory (default: the current directory)',
    },
    {
      name: 'console-socket',
      type: 'string',
      path: 'file',
      description: "path to an AF_UNIX socket that receives the master end of the container's pseudoterminal",
    },
    {name: 'detach', alias: 'd', type: 'boolean', description: 'return once the container runs again'},
    {name: 'pid-file', type: 'string', path: 'file', description: 'file to write the process id to'},
    {
      name: 'no-subreaper',
      type: 'boolean',
      description: 'do not adopt and reap processes of the container that lost their parent',
    },
    {name: 'no-pivot', type: 'boolean', description: 'accepted as by runc: how the root is switched is up to criu'},
    {
      name: 'lsm-profile',
      type: 'string',
      description: 'security profile of the processes in place of the saved one: apparmor:NAME or selinux:LABEL',
    },
    {
      name: 'lsm-mount-context',
      type: 'string',
      description: 'SELinux context of mounts in place of the saved one',
    },
  ],
  async run(context, input) {
    const {options} = input;
    const texts = {
      consoleSocket: given(options['console-socket']),
      pidFile: given(options['pid-file']),
      lsmProfile: given(options['lsm-profile']),
      lsmMountContext: given(options['lsm-mount-context']),
    };
    const known = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined));
    const {beginRestore} = await import('../../container/restore.ts');
    const foreground = beginRestore(context, input.args[0] as string, {
      ...toCriuChoices(context, options),
      ...known,
      bundle: given(options.bundle) ?? context.cwd,
      systemdCgroup: input.systemdCgroup,
      detach: options.detach,
      noSubreaper: options['no-subreaper'],
    });
    return {foreground};
  },
});
