import {defineCommand} from '../options.ts';
import {bundleText, createOptions, toCreateOptions} from './create-options.ts';

export const command = defineCommand({
  name: 'run',
  usage: '<container-id>',
  summary: 'create and run a container',
  description:
    'Creates a container from a bundle, starts it, waits for its end and deletes it. The exit code is that of its ' +
    `program, or 128 and the number of the signal that ended it.\n\n${bundleText}`,
  arity: {min: 1, max: 1},
  newContainer: true,
  options: [
    ...createOptions,
    {name: 'detach', alias: 'd', type: 'boolean', description: 'return once the container has been started'},
    {name: 'keep', type: 'boolean', description: 'do not delete the container after it exits'},
    {
      name: 'no-subreaper',
      type: 'boolean',
      description: 'do not adopt and reap processes of the container that lost their parent',
    },
  ],
  failure: 'runts run failed',
  async run(context, input) {
    const options = toCreateOptions(context, input);
    const {beginRun} = await import('../../container/run.ts');
    const {detach, keep, 'no-subreaper': noSubreaper} = input.options;
    return {foreground: beginRun(context, input.args[0] as string, {...options, detach, keep, noSubreaper})};
  },
});
