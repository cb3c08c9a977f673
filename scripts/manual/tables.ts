// The command line as manual and completion see it: the parser's own tables, without what is hidden.
import {loadAllCommands} from '../../src/cli/commands/index.ts';
import {globalOptions} from '../../src/cli/globals.ts';
import {type Command, helpCommand, helpOption, type Option} from '../../src/cli/options.ts';
import {signalNames} from '../../src/cli/signals.ts';

/** What can be offered for an argument. */
export type ArgumentKind = 'command' | 'container' | 'signal';

export interface CommandPage extends Command {
  /** What each argument is, as far as anything can be offered; '' where nothing can. */
  readonly offers: readonly (ArgumentKind | '')[];
}

export interface CommandLine {
  readonly globals: readonly Option[];
  readonly commands: readonly CommandPage[];
  readonly help: typeof helpCommand;
  readonly signals: readonly string[];
}

const PLACEHOLDERS: Readonly<Record<string, ArgumentKind>> = {'<container-id>': 'container', '[signal]': 'signal'};

export async function commandLine(): Promise<CommandLine> {
  const commands = (await loadAllCommands()).map((command) => ({
    ...command,
    options: [...command.options, helpOption].filter(isShown),
    offers: offersOf(command),
  }));
  return {globals: globalOptions.filter(isShown), commands, help: helpCommand, signals: signalNames};
}

function isShown({hidden}: Option): boolean {
  return hidden !== true;
}

function offersOf({usage, newContainer}: Command): CommandPage['offers'] {
  return placeholders(usage).map((placeholder) => {
    const kind = PLACEHOLDERS[placeholder];
    return kind === undefined || (kind === 'container' && newContainer === true) ? '' : kind;
  });
}

/** `<container-id> [ps options]` → its two parts. */
function placeholders(usage: string): string[] {
  return usage.match(/<[^>]*>|\[[^\]]*\]|\S+/g) ?? [];
}

/** As they are typed: `-b` and `--bundle`. */
export function spellings({name, alias}: Option): string[] {
  return [...(alias === undefined ? [] : [`-${alias}`]), `--${name}`];
}
