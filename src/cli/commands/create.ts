import {defineCommand} from '../options.ts';
import {bundleText, createOptions, toCreateOptions} from './create-options.ts';

export const command = defineCommand({
  name: 'create',
  usage: '<container-id>',
  summary: 'create a container',
  description: `Creates a container from a bundle; its program waits for "runts start".\n\n${bundleText}`,
  arity: {min: 1, max: 1},
  newContainer: true,
  options: createOptions,
  failure: 'runts create failed',
  async run(context, input) {
    const options = toCreateOptions(context, input);
    const {create} = await import('../../container/create.ts');
    create(context, input.args[0] as string, options);
    return {};
  },
});
