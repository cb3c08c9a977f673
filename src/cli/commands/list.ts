import {accessSync} from 'node:fs';
import type {Context} from '../../context.ts';
import {errnoText, isSyscallError, RuntsError} from '../../errors.ts';
import {defineCommand} from '../options.ts';

export const command = defineCommand({
  name: 'list',
  usage: '',
  summary: 'list the containers of a state root',
  description: 'Lists the containers whose state is in the directory given with the global option --root.',
  examples: [
    ['runts list', 'containers of the default root'],
    ['runts --root /run/other list', 'containers of another root'],
  ],
  arity: {min: 0, max: 0},
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
    {name: 'quiet', alias: 'q', type: 'boolean', description: 'print the container ids only'},
  ],
  async run(context, input) {
    if (input.rootGiven) requireRoot(context);
    const [{list}, shapes] = await Promise.all([import('../../container/list.ts'), import('../shapes.ts')]);
    const states = list(context);
    if (input.options.quiet) return {output: shapes.listIds(states)};
    return {output: input.options.format === 'json' ? shapes.listJson(states) : shapes.listTable(states)};
  },
});

/** A missing default root just holds no containers yet; a missing directory that was asked for is a mistake. */
function requireRoot({root}: Context): void {
  try {
    accessSync(root);
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    throw new RuntsError(`--root ${root}: ${errnoText(error.errno)}`, {cause: error});
  }
}
