import {defineCommand} from '../options.ts';

export const command = defineCommand({
  name: 'state',
  usage: '<container-id>',
  summary: 'print the state of a container',
  description: 'Prints the state of a container as JSON.',
  arity: {min: 1, max: 1},
  options: [],
  machineReadable: true,
  async run(context, input) {
    const [{state}, {stateJson}] = await Promise.all([import('../../container/state.ts'), import('../shapes.ts')]);
    return {output: stateJson(state(context, input.args[0] as string))};
  },
});
