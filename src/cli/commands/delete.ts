import {defineCommand} from '../options.ts';
import {regexOption} from './regex-option.ts';

export const command = defineCommand({
  name: 'delete',
  usage: '<container-id>',
  summary: 'delete what a container holds: its state, cgroups and leftover processes',
  description: 'Deletes a container that has stopped, or was created and never started.',
  examples: [['runts delete ubuntu01', 'delete the stopped container ubuntu01']],
  arity: {min: 1, max: 1},
  options: [
    {
      name: 'force',
      alias: 'f',
      type: 'boolean',
      description:
        'kill the container first if it is still running (SIGKILL); a container that is not there is no error',
    },
    regexOption,
  ],
  async run(context, input) {
    const {remove} = await import('../../container/delete.ts');
    const [id] = input.args as [string];
    const {force, regex} = input.options;
    if (regex) {
      const {forEachMatching} = await import('../../container/matching.ts');
      forEachMatching(context, id, (each) => remove(context, each, {force}));
    } else {
      remove(context, id, {force});
    }
    return {};
  },
});
