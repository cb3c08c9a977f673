import {defineCommand} from '../options.ts';

export const command = defineCommand({
  name: 'features',
  usage: '',
  summary: 'show what this version supports',
  description: 'Prints, as JSON, the features document of the OCI runtime specification.',
  arity: {min: 0, max: 0},
  options: [],
  machineReadable: true,
  async run(context) {
    const {featuresText} = await import('../features.ts');
    return {output: featuresText(context)};
  },
});
