import {defineCommand} from '../options.ts';
import {parseSignal} from '../signals.ts';

export const command = defineCommand({
  name: 'kill',
  usage: '<container-id> [signal]',
  summary: "send a signal (default: SIGTERM) to the container's first process",
  description:
    "Sends a signal to the container's first process. The signal is a number or a name, with or without SIG, in any " +
    'case: 9, KILL, SIGKILL, RTMIN+3.',
  examples: [['runts kill ubuntu01 KILL', 'end the container ubuntu01']],
  arity: {min: 1, max: 2},
  options: [
    {name: 'all', alias: 'a', type: 'boolean', description: 'send the signal to every process of the container'},
  ],
  stopAtArgument: true,
  async run(context, input) {
    const [id, signal = 'SIGTERM'] = input.args;
    const {kill} = await import('../../container/kill.ts');
    kill(context, id as string, parseSignal(signal), {all: input.options.all});
    return {};
  },
});
