// newuidmap and newgidmap at work: for an ordinary user they map the ids that /etc/subuid and /etc/subgid give him.
import type {Context} from '../context.ts';
import {ConfigError} from '../errors.ts';
import type {IdMapping} from '../generated/config.ts';
import {findHelper, readHelperFacts} from '../host/id-helper.ts';
import type {IdKind} from '../host/id-kinds.ts';
import {readGrants, readUser} from '../host/subordinate-ids.ts';
import type {ProgramResult} from '../native.ts';
import {signalName} from './failure.ts';
import {diagnose, noHelper, type Diagnosis} from './id-map-diagnosis.ts';

const DEADLINE_MS = 10_000;

/** Has the program write the map of process `pid`. Throws ConfigError, with the cause and the cure. */
export function runIdHelper(
  {native, env}: Pick<Context, 'native' | 'env'>,
  kind: IdKind,
  pid: number,
  mappings: readonly IdMapping[],
): void {
  const path = findHelper(kind, env);
  if (path === undefined) {
    const message = `${noHelper(kind)}; without it, and without privileges, a container can have one id, which is the user's own`;
    throw new ConfigError([{pointer: `/linux/${kind.key}`, message}]);
  }
  const ids = mappings.flatMap(({containerID, hostID, size}) => [containerID, hostID, size]);
  const args = [kind.helper, ...[pid, ...ids].map(String)];
  const result = native.runProgram({path, args, env: [], cwd: '/', stdin: '', timeoutMs: DEADLINE_MS});
  if (result.code === 0) return;
  const refused = {kind, mappings, user: readUser(), grants: readGrants(kind), helper: readHelperFacts(path)};
  const {index, message} = diagnose(refused) ?? usual(kind);
  const pointer = `/linux/${kind.key}${index === undefined ? '' : `/${index}`}`;
  throw new ConfigError([{pointer, message: `${kind.helper} failed: ${outcome(result)}: ${message}`}]);
}

function outcome({timedOut, code, signal, stderr}: ProgramResult): string {
  if (timedOut) return `no end after ${DEADLINE_MS / 1000} s`;
  const end = signal === undefined ? `exit status ${code}` : signalName(signal);
  return stderr.trim() === '' ? end : stderr.trim().replace(/^new[ug]idmap: /, '');
}

function usual({helper, grants, capability}: IdKind): Diagnosis {
  return {
    message: `${helper} maps what ${grants} gives to the user, in a line such as "user:100000:65536", and the primary group of the runtime must be that of /etc/passwd; without it the runtime needs ${capability} (and CAP_SETFCAP to map id 0)`,
  };
}
