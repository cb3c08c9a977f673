// Device rules -> devices controller of cgroup v1. It holds a default and a set of exceptions to it, not an ordered
// list: rules are played through here first, and what the kernel cannot hold is refused. (It would take a rule such as
// "deny c 1:3" after "allow c *:*" without a word and without any effect.)
import {ConfigError} from '../../errors.ts';
import {ANY_ACCESS, type DeviceRule, READ, ruleText, WRITE} from '../device-rules.ts';
import type {CgroupWrite} from '../write.ts';

interface Exception {
  readonly type: 'b' | 'c';
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly pointer: string;
  access: number;
}

interface Policy {
  allow: boolean;
  exceptions: Map<string, Exception>;
}

/** The writes that give a cgroup exactly these rules, whatever it had before. */
export function deviceWrites(rules: readonly DeviceRule[]): CgroupWrite[] {
  const policy: Policy = {allow: false, exceptions: new Map()};
  for (const rule of rules) play(policy, rule);
  const write = (allow: boolean, value: string, pointer: string): CgroupWrite => ({
    controller: 'devices',
    file: allow ? 'devices.allow' : 'devices.deny',
    value,
    pointer,
  });
  const writes = [write(policy.allow, 'a', '/linux/resources/devices')];
  for (const exception of policy.exceptions.values()) {
    const access = policy.allow ? exception.access : widened(policy, exception);
    writes.push(write(!policy.allow, ruleText({...exception, access}), exception.pointer));
  }
  return writes;
}

function play(policy: Policy, rule: DeviceRule): void {
  const {type, major, minor, access} = rule;
  if (type === 'a' && major === undefined && minor === undefined && access === ANY_ACCESS) {
    policy.allow = rule.allow;
    policy.exceptions.clear();
    return;
  }
  // The kernel reads any "a" as everything, so a narrower one becomes a rule for each type.
  for (const one of type === 'a' ? (['b', 'c'] as const) : [type]) {
    if (rule.allow === policy.allow) withdraw(policy, one, rule);
    else except(policy, one, rule);
  }
}

function except(policy: Policy, type: 'b' | 'c', rule: DeviceRule): void {
  const {major, minor, pointer, access} = rule;
  const key = `${type} ${major}:${minor}`;
  const known = policy.exceptions.get(key);
  if (known === undefined) policy.exceptions.set(key, {type, major, minor, pointer, access});
  else known.access |= access;
}

function withdraw(policy: Policy, type: 'b' | 'c', rule: DeviceRule): void {
  for (const [key, exception] of policy.exceptions) {
    if (exception.type !== type || (exception.access & rule.access) === 0 || !overlap(exception, rule)) continue;
    if (!covers(rule, exception)) {
      const verb = rule.allow ? 'allowed' : 'denied';
      const message = `cgroup v1 cannot hold "${ruleText({...rule, type})}" ${verb} within "${ruleText(exception)}"`;
      throw new ConfigError([{pointer: rule.pointer, message}]);
    }
    exception.access &= ~rule.access;
    if (exception.access === 0) policy.exceptions.delete(key);
  }
}

/** The kernel wants one exception that grants all of a request. Where "c 1:3 r" stands beside "c *:* w", opening 1:3
 * for both is granted by neither, so the narrower one gets the rights to the contents that the wider one gives anyway. */
function widened(policy: Policy, exception: Exception): number {
  let {access} = exception;
  if ((access & (READ | WRITE)) === 0) return access;
  for (const wider of policy.exceptions.values()) {
    if (wider.type === exception.type && covers(wider, exception)) access |= wider.access & (READ | WRITE);
  }
  return access;
}

type Numbers = Pick<DeviceRule, 'major' | 'minor'>;

function covers(wide: Numbers, narrow: Numbers): boolean {
  return (
    (wide.major === undefined || wide.major === narrow.major) &&
    (wide.minor === undefined || wide.minor === narrow.minor)
  );
}

function overlap(a: Numbers, b: Numbers): boolean {
  return (
    (a.major === undefined || b.major === undefined || a.major === b.major) &&
    (a.minor === undefined || b.minor === undefined || a.minor === b.minor)
  );
}
