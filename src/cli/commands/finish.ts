// What is left of a foreground `run` that the agent has handed over to the launcher: the launcher calls it once the program
// has ended, with the exit code that is to be its own.
import {defineCommand} from '../options.ts';

export const command = defineCommand({
  name: 'finish',
  usage: '<container-id>',
  summary: 'remove a container after its end',
  description: 'Removes a container whose program has ended. For runts itself.',
  arity: {min: 1, max: 1},
  options: [
    {name: 'started', type: 'number', default: 0, description: 'start time of its first process'},
    {name: 'exit-code', type: 'number', default: 0, description: 'exit code'},
  ],
  async run(context, input) {
    const {started, 'exit-code': exitCode} = input.options;
    const {removeAfterEnd} = await import('../../container/foreground.ts');
    removeAfterEnd(context, {id: input.args[0] as string, startTime: started});
    return {exitCode};
  },
});
