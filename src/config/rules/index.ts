// The rules beyond the schema, one file for each subject.
import type {Problem} from '../../errors.ts';
import type {Config, LinuxResources} from '../../generated/config.ts';
import {deviceRules} from './devices.ts';
import {generalRules} from './general.ts';
import {intelRdtRules} from './intel-rdt.ts';
import {mountRules} from './mounts.ts';
import {namespaceRules} from './namespaces.ts';
import {netDeviceRules} from './net-devices.ts';
import {processRules} from './process.ts';
import {resourceRules} from './resources.ts';
import type {Report, Rule} from './rule.ts';
import {seccompRules} from './seccomp.ts';
import {sysctlRules} from './sysctl.ts';

const rules: readonly Rule[] = [
  ...generalRules,
  ...processRules,
  ...mountRules,
  ...namespaceRules,
  ...netDeviceRules,
  ...intelRdtRules,
  ...deviceRules,
  ...resourceRules,
  ...sysctlRules,
  ...seccompRules,
];

export interface Findings {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/** Runs every rule that reads nothing of `wrong`: JSON pointers of what is missing or not as its type says. */
export function checkRules(config: Config, wrong: readonly string[]): Findings {
  return run(rules, config, wrong);
}

/** The same with the rules about the process, for a config of which there is nothing else. */
export function checkProcessRules(config: Pick<Config, 'process'>, wrong: readonly string[]): Findings {
  return run(processRules, config as Config, wrong);
}

/** The same with the rules about limits. */
export function checkResourceRules(resources: LinuxResources): Findings {
  return run(resourceRules, {linux: {resources}} as Config, []);
}

function run(chosen: readonly Rule[], config: Config, wrong: readonly string[]): Findings {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const report: Report = {
    problem: (pointer, message) => problems.push({pointer, message}),
    warning: (pointer, message) => warnings.push({pointer, message}),
  };
  for (const {reads, check} of chosen) {
    if (!wrong.some((place) => reads.some((pointer) => overlap(pointer, place)))) check(config, report);
  }
  return {problems, warnings};
}

const overlap = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
