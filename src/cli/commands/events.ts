import type {ContainerEvent} from '../../container/events.ts';
import {hasCode, RuntsError} from '../../errors.ts';
import {writeFully} from '../../write.ts';
import {parseDuration} from '../duration.ts';
import {defineCommand} from '../options.ts';

declare global {
  // ECMAScript's "JSON.parse source text access", which TypeScript does not declare yet.
  interface JSON {
    rawJSON(text: string): object;
  }
}

export const command = defineCommand({
  name: 'events',
  usage: '<container-id>',
  summary: 'print what a container uses, and when it runs out of memory',
  description:
    'Prints a line of JSON with what the container uses, again and again, and one each time it runs out of memory, until it ends.',
  examples: [
    ['runts events --interval 1m ubuntu01', 'once a minute'],
    ['runts events --stats ubuntu01', 'once'],
  ],
  arity: {min: 1, max: 1},
  options: [
    {
      name: 'interval',
      type: 'string',
      default: '5s',
      description: 'time between two lines, such as 500ms, 5s or 1m30s',
    },
    {name: 'stats', type: 'boolean', description: 'print one line with what it has used so far, and exit'},
  ],
  async run(context, input) {
    const id = input.args[0] as string;
    const {interval} = input.options;
    const milliseconds = parseDuration(interval);
    if (milliseconds === undefined) {
      throw new RuntsError(
        `invalid value ${JSON.stringify(interval)} for flag -interval: use 500ms, 5s, 1m30s or the like`,
      );
    }
    if (milliseconds <= 0) throw new RuntsError('duration interval must be greater than 0');
    const {followEvents, stats} = await import('../../container/events.ts');
    if (input.options.stats) return {output: lineOf(stats(context, id))};
    try {
      await followEvents(context, id, milliseconds, (event) => writeFully(context.stdout, lineOf(event)));
    } catch (error) {
      // Nobody listens any more.
      if (!hasCode(error, 'EPIPE')) throw error;
    }
    return {};
  },
});

/** Counters go beyond what a double holds. */
function lineOf(event: ContainerEvent): string {
  const raw = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value);
  return `${JSON.stringify(event, raw)}\n`;
}
