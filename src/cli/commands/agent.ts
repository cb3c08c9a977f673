import {RuntsError} from '../../errors.ts';
import type {AgentNative} from '../../native.ts';
import {parseDuration} from '../duration.ts';
import {defineCommand} from '../options.ts';

export const command = defineCommand({
  name: 'agent',
  usage: '',
  summary: 'stay resident, and answer the calls of runts quickly',
  description:
    'Stays in the foreground and answers calls of runts by the same user, which take a fraction of the time then. Listens on ' +
    'a socket in the default state root, or on one that systemd hands over. Calls find it by themselves, and do without it ' +
    'when it is not there, is busy, or runs in other namespaces. Ends on SIGTERM, and when another runts is installed.',
  examples: [
    ['runts agent &', 'an agent for this user'],
    ['RUNTS_AGENT=never runts list', 'a call without it'],
  ],
  arity: {min: 0, max: 0},
  options: [
    {
      name: 'socket',
      type: 'string',
      path: 'file',
      description: 'listen at this path; callers need RUNTS_AGENT_SOCKET with the same then',
    },
    {name: 'idle-exit', type: 'string', description: 'end when there was no call for that long, such as 10m'},
  ],
  async run(context, input) {
    const idleMs = idleMsOf(input.options['idle-exit']);
    const [{createAgent}, {listen}, {serve}, {absolutePath}] = await Promise.all([
      import('../../agent/agent.ts'),
      import('../../agent/listen.ts'),
      import('../../agent/serve.ts'),
      import('../../container/bundle.ts'),
    ]);
    // This process has the whole addon.
    const native = context.native as AgentNative;
    const agent = createAgent(native, context.libexec, input.caller);
    const {socket} = input.options;
    // From the moment on that there is a socket to take away.
    native.holdTermination();
    const listening = listen(context, native, socket === undefined ? undefined : absolutePath(context, socket));
    const {answered, declined} = await serve(context, agent, listening.listener, idleMs);
    listening.close();
    context.log.info(`agent: ${answered} calls answered, ${declined} declined`);
    return {};
  },
});

function idleMsOf(text: string | undefined): number {
  if (text === undefined) return -1;
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
  throw new RuntsError(`--idle-exit ${JSON.stringify(text)}: must be a time above 0, such as 90s or 10m`);
}
