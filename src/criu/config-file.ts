// criu reads options from a file, which go before those that it is given. Which file: that of the annotation
// org.criu.config (empty: none), else one for runts, else the one that those have who had runc before.
import {existsSync} from 'node:fs';

export const CONFIG_ANNOTATION = 'org.criu.config';

const OURS = '/etc/criu/runts.conf';
const RUNCS = '/etc/criu/runc.conf';

export function configFile(annotations: Readonly<Record<string, string>> = {}): string | undefined {
  const asked = annotations[CONFIG_ANNOTATION];
  if (asked !== undefined) return asked === '' ? undefined : asked;
  return [OURS, RUNCS].find((path) => existsSync(path)) ?? OURS;
}
