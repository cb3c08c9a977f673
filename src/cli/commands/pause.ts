import {defineCommand} from '../options.ts';

export const command = defineCommand({
  name: 'pause',
  usage: '<container-id>',
  summary: 'suspend all processes of a container',
  description: 'Suspends all processes of a container, until `resume` lets them go on.',
  examples: [['runts pause ubuntu01', 'suspend the container ubuntu01']],
  arity: {min: 1, max: 1},
  options: [],
  async run(context, input) {
    const {pause} = await import('../../container/pause.ts');
    pause(context, input.args[0] as string);
    return {};
  },
});
