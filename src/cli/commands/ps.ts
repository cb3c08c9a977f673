import {defineCommand} from '../options.ts';

export const command = defineCommand({
  name: 'ps',
  usage: '<container-id> [ps options]',
  summary: 'list the processes of a container',
  description:
    "Lists the processes of a container with their pids on the host. Everything after the id goes to the host's ps(1), " +
    'which must print a PID column; without it that is -ef.',
  examples: [
    ['runts ps ubuntu01', 'the processes of the container ubuntu01'],
    ['runts ps --format json ubuntu01', 'their pids'],
    ['runts ps ubuntu01 -o pid,rss,args', 'with columns of your choice'],
  ],
  arity: {min: 1, max: undefined},
  options: [
    {
      name: 'format',
      alias: 'f',
      type: 'string',
      default: 'table',
      choices: ['table', 'json'],
      choiceError: () => 'invalid format option',
      description: 'format of the list',
    },
  ],
  stopAtArgument: true,
  async run(context, input) {
    const [id, ...args] = input.args;
    const {listProcesses, processTable} = await import('../../container/ps.ts');
    if (input.options.format === 'table') return {output: processTable(context, id as string, args)};
    const pids = listProcesses(context, id as string);
    // As Go prints a slice that was never filled.
    return {output: `${pids.length === 0 ? 'null' : JSON.stringify(pids)}\n`};
  },
});
