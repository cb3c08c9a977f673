// Which calls the agent answers: those whose answer is short, and that need nothing of their process beyond what the launcher
// does for them (launcher-native.ts).
import {globalOptions} from '../cli/globals.ts';

const commands: ReadonlySet<string> = new Set([
  'create',
  'delete',
  'exec',
  'finish',
  'kill',
  'list',
  'pause',
  'resume',
  'run',
  'start',
  'state',
  'update',
]);

/** The global options that take a value. */
const valued: ReadonlySet<string> = new Set(
  globalOptions.filter(({type}) => type !== 'boolean').map(({name}) => `--${name}`),
);

/** Why this command line is not for the agent; undefined when it is. */
export function reasonToDecline(argv: readonly string[]): string | undefined {
  const at = commandIndex(argv);
  const command = argv[at] ?? '';
  if (!commands.has(command)) return 'it does not answer this command';
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    // Their text comes from a library that looks at the terminal.
    if (word === '--help' || word === '-h') return 'it does not show help';
    if (command === 'update' && index > at && /^(--?r(esources)?=)?-$/.test(word)) {
      return 'it has not the standard input of its caller';
    }
  }
  return undefined;
}

/** Where the command stands, for those who write options as engines do: the parser itself takes a tenth of a whole call. */
function commandIndex(argv: readonly string[]): number {
  let index = 0;
  while (argv[index]?.startsWith('-')) index += valued.has(argv[index] as string) ? 2 : 1;
  return index;
}
