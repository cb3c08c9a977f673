import {defineCommand} from '../options.ts';
import {parseSignal} from '../signals.ts';
import {regexOption} from './regex-option.ts';

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
    regexOption,
  ],
  async run(context, input) {
    const [id, signal] = input.args as [string, string?];
    const {all, regex} = input.options;
    // Scripts also pass an empty one.
    const number = parseSignal(signal || 'SIGTERM');
    const {kill} = await import('../../container/kill.ts');
    if (regex) {
      const {forEachMatching} = await import('../../container/matching.ts');
      forEachMatching(context, id, (each) => kill(context, each, number, {all}));
    } else {
      kill(context, id, number, {all});
    }
    return {};
  },
});
