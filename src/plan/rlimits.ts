// process.rlimits, setrlimit(2).
import type {RlimitType} from '../generated/config.ts';
import type {ProcessInput} from './input.ts';
import type {Step} from './operations.ts';

/** asm-generic/resource.h: these numbers are the same on x86_64 and arm64. */
const resources: Readonly<Record<RlimitType, number>> = {
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_RSS: 5,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
  RLIMIT_LOCKS: 10,
  RLIMIT_SIGPENDING: 11,
  RLIMIT_MSGQUEUE: 12,
  RLIMIT_NICE: 13,
  RLIMIT_RTPRIO: 14,
  RLIMIT_RTTIME: 15,
};

/** What the config leaves alone is as the caller had it; only RLIMIT_NOFILE has to be put back: Node has raised it. */
export function rlimitSteps({config, launch}: ProcessInput): Step[] {
  const rlimits = config.process.rlimits ?? [];
  const steps = rlimits.map(
    ({type, soft, hard}, index): Step => ({
      op: 'rlimit',
      at: `/process/rlimits/${index}`,
      resource: resources[type],
      soft,
      hard,
    }),
  );
  if (rlimits.some(({type}) => type === 'RLIMIT_NOFILE')) return steps;
  return [...steps, {op: 'rlimit', at: '', resource: resources.RLIMIT_NOFILE, ...launch.nofile}];
}

/** Limits that may be above the caller's, for before a user namespace is entered. */
export function rlimitCeilingSteps({config}: ProcessInput): Step[] {
  return (config.process.rlimits ?? []).map(({type, soft, hard}, index) => {
    return {op: 'rlimitCeiling', at: `/process/rlimits/${index}`, resource: resources[type], soft, hard};
  });
}
