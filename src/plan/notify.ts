// sd_notify(3): the directory of the socket that the container's program reports to, as it sees it.
import type {Mount} from '../generated/config.ts';
import type {PlanInput} from './input.ts';

/** runc's; in the container. */
export const NOTIFY_TARGET = '/run/notify';
/** In that directory. */
export const NOTIFY_SOCKET = 'notify.sock';

/** A mount of the directory, not of the socket, which `start` makes. */
export function notifyMounts({options: {notifyDirectory}}: PlanInput): readonly Mount[] {
  if (notifyDirectory === undefined) return [];
  const options = ['bind', 'nosuid', 'noexec', 'nodev', 'ro'];
  return [{destination: NOTIFY_TARGET, type: 'bind', source: notifyDirectory, options}];
}
