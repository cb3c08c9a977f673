// What a container's first process and those that `exec` adds have in common, besides their credentials.
import type {Config} from '../generated/config.ts';
import {userOf} from './credentials.ts';
import type {PlanInput} from './input.ts';
import {selinuxLabel} from './labels.ts';
import type {Step} from './operations.ts';

/** The umask of a program whose config names none. config.md has a container's first process keep the caller's, but runc sets
 * 0022, and images go by that. That of an exec is the caller's, with runc as well. */
const UNSET = {container: 0o022, exec: -1} as const;

/** Through the host's /proc; children inherit it. */
export function oomSteps({process}: Pick<Config, 'process'>): Step[] {
  const value = process.oomScoreAdj;
  return value === undefined ? [] : [{op: 'oomScoreAdj', at: '/process/oomScoreAdj', value}];
}

/** The processes of a container share a keyring, by its name. */
export function sessionSteps(
  {id, config, facts}: Pick<PlanInput, 'id' | 'config' | 'facts'>,
  noNewKeyring: boolean,
): Step[] {
  const session: Step = {op: 'newSession', at: ''};
  if (noNewKeyring) return [session];
  const label = selinuxLabel(config.process, facts);
  const at = label === '' ? '' : '/process/selinuxLabel';
  return [session, {op: 'sessionKeyring', at, name: `_ses.${id}`, label}];
}

/** A pty; the container's /dev/console is that of its first process. */
export function consoleSteps(input: Pick<PlanInput, 'config'>, bindConsole: boolean): Step[] {
  const {terminal, consoleSize} = input.config.process;
  if (terminal !== true) return [];
  const {height = 0, width = 0} = consoleSize ?? {};
  return [{op: 'console', at: '/process/terminal', height, width, bindConsole, uid: userOf(input).uid}];
}

export function umaskStep({process}: Pick<Config, 'process'>, whose: keyof typeof UNSET): Step {
  return {op: 'umask', at: '/process/user/umask', mask: process.user?.umask ?? UNSET[whose]};
}
