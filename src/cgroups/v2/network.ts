// linux.resources.network on cgroup v2, which has neither net_cls nor net_prio.
import {ConfigError} from '../../errors.ts';
import type {Network} from '../../generated/config.ts';

const AT = '/linux/resources/network';

/** Traffic that firewalls and queues would not tell from other traffic is not what was asked for. */
export function refuseNetwork({classID, priorities = []}: Network): never[] {
  const problems = [];
  if (classID) {
    const message = 'cgroup v2 has no net_cls; firewall rules can match the cgroup itself (iptables -m cgroup --path)';
    problems.push({pointer: `${AT}/classID`, message});
  }
  if (priorities.length > 0) problems.push({pointer: `${AT}/priorities`, message: 'cgroup v2 has no net_prio'});
  if (problems.length > 0) throw new ConfigError(problems);
  return [];
}
