import {defineCommand} from '../options.ts';

export const command = defineCommand({
  name: 'start',
  usage: '<container-id>',
  summary: 'start the program of a created container',
  description: 'Lets the program of a created container begin.',
  arity: {min: 1, max: 1},
  options: [],
  async run(context, input) {
    const {start} = await import('../../container/start.ts');
    start(context, input.args[0] as string);
    return {};
  },
});
