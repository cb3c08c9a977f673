import {defineCommand} from '../options.ts';

export const command = defineCommand({
  name: 'exec',
  usage: '<container-id> <command> [args...]',
  summary: 'run a further process in a container',
  description:
    'Runs a command in a container that is running or created, and waits for its end. The exit code is that of the ' +
    'command, or 128 and the number of the signal that ended it; 255 when it could not be run. What the options do not ' +
    "say is as for the container's own process. With --process the process is that of a file instead, a JSON object as " +
    'config.json has it for "process", and neither options about the process nor a command count.',
  examples: [
    ['runts exec ubuntu01 ps', 'list the processes that the container ubuntu01 sees'],
    ['runts exec -t -u 1000:1000 ubuntu01 sh', 'a shell on a terminal, for user 1000'],
    ['runts exec -d -p process.json ubuntu01', 'run what process.json says, in the background'],
  ],
  arity: {min: 1, max: undefined},
  options: [
    {
      name: 'console-socket',
      type: 'string',
      path: 'file',
      description: 'path to an AF_UNIX socket that receives the master end of the pseudoterminal',
    },
    {
      name: 'pidfd-socket',
      type: 'string',
      path: 'file',
      description: 'path to an AF_UNIX socket that receives a pidfd of the process',
    },
    {name: 'cwd', type: 'string', description: 'working directory in the container'},
    {name: 'env', alias: 'e', type: 'strings', description: 'set an environment variable: NAME=VALUE'},
    {name: 'tty', alias: 't', type: 'boolean', description: 'allocate a pseudoterminal'},
    {name: 'user', alias: 'u', type: 'string', description: 'user and group: UID[:GID]'},
    {name: 'additional-gids', alias: 'g', type: 'strings', description: 'additional group id'},
    {name: 'process', alias: 'p', type: 'string', path: 'file', description: 'path to a file with the process object'},
    {name: 'detach', alias: 'd', type: 'boolean', description: 'return once the process has been started'},
    {name: 'pid-file', type: 'string', path: 'file', description: 'file to write the process id to'},
    {name: 'process-label', type: 'string', description: 'SELinux label of the process'},
    {name: 'apparmor', type: 'string', description: 'AppArmor profile of the process'},
    {
      name: 'no-new-privs',
      type: 'boolean',
      threeState: true,
      description: 'set no_new_privs for the process, or with =false do not',
    },
    {
      name: 'cap',
      alias: 'c',
      type: 'strings',
      description: 'add a capability to the bounding, effective and permitted sets',
    },
    {
      name: 'preserve-fds',
      type: 'number',
      default: 0,
      description: 'pass N more file descriptors to the process (stdio + N in total)',
    },
    {
      name: 'cgroup',
      type: 'strings',
      description: "run the process in an existing cgroup below the container's: [CONTROLLER[,CONTROLLER..]:]PATH",
    },
    {name: 'ignore-paused', type: 'boolean', description: 'allow exec in a paused container'},
    {name: 'no-subreaper', type: 'boolean', hidden: true, description: 'accepted; exec is no subreaper'},
  ],
  stopAtArgument: true,
  failure: 'exec failed',
  failureExitCode: 255,
  async run(context, input) {
    const {options, args} = input;
    const [id, ...command] = args;
    const noNewPrivileges = options['no-new-privs'];
    const {beginExec} = await import('../../container/exec.ts');
    const foreground = beginExec(context, id as string, {
      ...defined({
        process: options.process,
        cwd: options.cwd,
        user: options.user,
        apparmorProfile: options.apparmor,
        selinuxLabel: options['process-label'],
        consoleSocket: options['console-socket'],
        pidfdSocket: options['pidfd-socket'],
        pidFile: options['pid-file'],
      }),
      args: command,
      env: options.env,
      tty: options.tty,
      additionalGids: options['additional-gids'],
      capabilities: options.cap,
      ...(noNewPrivileges === undefined ? {} : {noNewPrivileges}),
      detach: options.detach,
      preserveFds: options['preserve-fds'],
      cgroups: options.cgroup,
      ignorePaused: options['ignore-paused'],
    });
    return {foreground};
  },
});

/** The options that were given. An empty one means the same as none. */
function defined<Values extends Readonly<Record<string, string | undefined>>>(
  values: Values,
): {readonly [Key in keyof Values]?: string} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== '')) as {
    readonly [Key in keyof Values]?: string;
  };
}
