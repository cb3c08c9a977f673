import {defineCommand} from '../options.ts';

export const command = defineCommand({
  name: 'resume',
  usage: '<container-id>',
  summary: 'let all processes of a paused container go on',
  description: 'Lets all processes of a container go on that `pause` has suspended.',
  examples: [['runts resume ubuntu01', 'let the container ubuntu01 go on']],
  arity: {min: 1, max: 1},
  options: [],
  async run(context, input) {
    const {resume} = await import('../../container/pause.ts');
    resume(context, input.args[0] as string);
    return {};
  },
});
