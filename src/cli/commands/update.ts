import type {Context} from '../../context.ts';
import {ConfigError, type Problem, RuntsError} from '../../errors.ts';
import type {Cpu, IntelRdt, LinuxResources, Memory} from '../../generated/config.ts';
import {defineCommand, defineOptions, type Values} from '../options.ts';
import {parseSize} from '../sizes.ts';

const options = defineOptions([
  {
    name: 'resources',
    alias: 'r',
    type: 'string',
    path: 'file',
    description:
      'path to a JSON file with the resources to change, as in linux.resources of config.json, or - for stdin',
  },
  {name: 'blkio-weight', type: 'string', description: 'weight of block I/O, from 10 to 1000'},
  {name: 'cpu-period', type: 'string', description: 'CPU period in microseconds'},
  {name: 'cpu-quota', type: 'string', description: 'CPU time in each period, in microseconds; -1 for no limit'},
  {name: 'cpu-burst', type: 'string', description: 'CPU time that may be saved up, in microseconds'},
  {name: 'cpu-share', type: 'string', description: 'CPU shares (relative weight)'},
  {name: 'cpu-rt-period', type: 'string', description: 'CPU period of real-time processes in microseconds (cgroup v1)'},
  {name: 'cpu-rt-runtime', type: 'string', description: 'CPU time of real-time processes in each period (cgroup v1)'},
  {name: 'cpu-idle', type: 'string', description: '1: run only when no other cgroup wants the CPU; 0: normally'},
  {name: 'cpuset-cpus', type: 'string', description: 'CPUs to use, such as 0-3,7'},
  {name: 'cpuset-mems', type: 'string', description: 'memory nodes to use'},
  {name: 'kernel-memory', type: 'string', hidden: true, description: 'no longer in the kernel; ignored'},
  {name: 'kernel-memory-tcp', type: 'string', hidden: true, description: 'no longer in the kernel; ignored'},
  {name: 'memory', type: 'string', description: 'limit of memory in bytes, or as 64m; -1 for no limit'},
  {name: 'memory-reservation', type: 'string', description: 'memory that is spared while there is other to reclaim'},
  {name: 'memory-swap', type: 'string', description: 'limit of memory and swap together; -1 for no limit'},
  {name: 'pids-limit', type: 'string', description: 'limit of processes; -1 for no limit'},
  {name: 'l3-cache-schema', type: 'string', description: 'schema of the L3 cache of Intel RDT'},
  {name: 'mem-bw-schema', type: 'string', description: 'schema of the memory bandwidth of Intel RDT'},
]);

type Options = Values<typeof options>;

export const command = defineCommand({
  name: 'update',
  usage: '<container-id>',
  summary: 'change the resource limits of a container',
  description:
    'Changes limits of a container that is running, paused or created. What is not named stays as it is. With --resources ' +
    'all other options are ignored.',
  examples: [
    ['runts update --memory 512m --memory-swap 1g ubuntu01', 'other limits of memory'],
    ['runts update --resources - ubuntu01 < resources.json', 'limits from a file'],
  ],
  arity: {min: 1, max: 1},
  options,
  async run(context, input) {
    const {update} = await import('../../container/update.ts');
    const [id] = input.args as [string];
    const {resources: file} = input.options;
    if (file === undefined) {
      const change = fromOptions(context, input.options);
      named(
        () => update(context, id, change),
        ({pointer, message}) => `${optionFor(pointer)}: ${message}`,
      );
    } else {
      const name = file === '-' ? 'stdin' : file;
      const change = {resources: await fromFile(context, file, name)};
      const shorter = (pointer: string): string => pointer.replace(/^\/linux\/resources/, '');
      named(
        () => update(context, id, change),
        ({pointer, message}) => `${name}#${shorter(pointer)}: ${message}`,
      );
    }
    return {};
  },
});

/** What is wrong is told of where it came from, and not of the config.json that has it otherwise. */
function named(action: () => void, words: (problem: Problem) => string): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new RuntsError(error.problems.map(words).join('\n'), {cause: error});
  }
}

const optionNames: Readonly<Record<string, string>> = {
  'blockIO/weight': 'blkio-weight',
  'cpu/burst': 'cpu-burst',
  'cpu/cpus': 'cpuset-cpus',
  'cpu/idle': 'cpu-idle',
  'cpu/mems': 'cpuset-mems',
  'cpu/period': 'cpu-period',
  'cpu/quota': 'cpu-quota',
  'cpu/realtimePeriod': 'cpu-rt-period',
  'cpu/realtimeRuntime': 'cpu-rt-runtime',
  'cpu/shares': 'cpu-share',
  'memory/limit': 'memory',
  'memory/reservation': 'memory-reservation',
  'memory/swap': 'memory-swap',
  'pids/limit': 'pids-limit',
  l3CacheSchema: 'l3-cache-schema',
  memBwSchema: 'mem-bw-schema',
};

function optionFor(pointer: string): string {
  const name = optionNames[pointer.replace(/^\/linux\/(resources|intelRdt)\//, '')];
  return name === undefined ? pointer : `--${name}`;
}

async function fromFile(context: Context, file: string, name: string): Promise<LinuxResources> {
  const [{loadResources}, {absolutePath}] = await Promise.all([
    import('../../config/load.ts'),
    import('../../container/bundle.ts'),
  ]);
  const source = file === '-' ? context.stdin : absolutePath(context, file);
  const {resources, warnings} = loadResources(source, name);
  for (const warning of warnings) context.log.warn(warning);
  return resources;
}

function fromOptions(
  {log}: Pick<Context, 'log'>,
  options: Options,
): {resources: LinuxResources; intelRdt: Pick<IntelRdt, 'l3CacheSchema' | 'memBwSchema'>} {
  for (const name of ['kernel-memory', 'kernel-memory-tcp'] as const) {
    if (options[name] !== undefined) log.warn(`--${name} is no limit of this kernel any more; ignoring it`);
  }
  const number = (name: keyof Options): bigint | undefined => numberOf(name, options[name] as string | undefined);
  const size = (name: keyof Options): bigint | undefined => sizeOf(name, options[name] as string | undefined);
  const cpu: Cpu = defined({
    shares: number('cpu-share'),
    quota: number('cpu-quota'),
    period: number('cpu-period'),
    burst: number('cpu-burst'),
    idle: number('cpu-idle'),
    realtimePeriod: number('cpu-rt-period'),
    realtimeRuntime: number('cpu-rt-runtime'),
    cpus: options['cpuset-cpus'],
    mems: options['cpuset-mems'],
  });
  const memory: Memory = defined({
    limit: size('memory'),
    reservation: size('memory-reservation'),
    swap: size('memory-swap'),
  });
  const [weight, pids] = [number('blkio-weight'), number('pids-limit')];
  return {
    resources: {
      cpu,
      memory,
      ...(weight === undefined ? {} : {blockIO: {weight: Number(weight)}}),
      // As Go reads a flag that was not given.
      ...(pids === undefined || pids === 0n ? {} : {pids: {limit: pids}}),
    },
    intelRdt: defined({l3CacheSchema: options['l3-cache-schema'], memBwSchema: options['mem-bw-schema']}),
  };
}

function numberOf(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^-?\d{1,20}$/.test(text)) return BigInt(text);
  throw new RuntsError(`invalid value for ${name}: ${JSON.stringify(text)} is not a whole number`);
}

function sizeOf(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined || text === '') return undefined;
  const size = text === '-1' ? -1n : parseSize(text);
  if (size === undefined) throw new RuntsError(`invalid value for ${name}: invalid size: ${JSON.stringify(text)}`);
  return size;
}

/** Without what is undefined. */
function defined<T extends object>(object: T): {[K in keyof T]: Exclude<T[K], undefined>} {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
