import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {readStats} from '../../../src/cgroups/stats.ts';
import {parseDuration} from '../../../src/cli/duration.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'runts-stats-'));
});
afterEach(() => rmSync(directory, {recursive: true}));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), {recursive: true});
    writeFileSync(join(directory, name), text);
  }
}

const v2 = () => readStats({version: 2, paths: {unified: directory}, ancestors: []});
const v1 = () =>
  readStats({
    version: 1,
    paths: Object.fromEntries(['blkio', 'cpuset', 'hugetlb', 'memory'].map((name) => [name, join(directory, name)])),
    ancestors: [],
  });

describe('statistics of cgroup v2', () => {
  it('memory and swap are told together, as v1 counts them', () => {
    write({
      'memory.current': '100\n',
      'memory.max': '1000\n',
      'memory.peak': '150\n',
      'memory.swap.current': '7\n',
      'memory.swap.max': '50\n',
      'memory.events': 'low 0\nmax 3\noom_kill 1\n',
      'memory.stat': 'anon 5\nfile 9\n',
    });
    expect(v2().memory).toMatchObject({
      cache: 9n,
      usage: {limit: 1000n, usage: 100n, max: 150n, failcnt: 3n},
      swap: {limit: 1050n, usage: 107n},
      raw: {anon: 5n, file: 9n},
    });
    write({'memory.swap.max': 'max\n'});
    expect(v2().memory.swap.limit).toBe(2n ** 64n - 1n);
  });

  it('microseconds become nanoseconds, and what is zero or missing is left out', () => {
    write({
      'cpu.stat': 'usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 0\nthrottled_usec 4\n',
      'pids.max': 'max\n',
    });
    const {cpu, pids} = v2();
    expect(cpu.usage).toEqual({total: 5000n, kernel: 2000n, user: 3000n});
    expect(cpu.throttling).toEqual({periods: undefined, throttledPeriods: undefined, throttledTime: 4000n});
    expect(pids).toEqual({current: undefined, limit: undefined});
  });

  it('io.stat becomes a table of bytes and one of operations', () => {
    write({'io.stat': '8:16 rbytes=1 wbytes=0 rios=3 wios=4 dbytes=5 dios=6\n254:0 \n'});
    expect(v2().blkio).toMatchObject({
      ioServiceBytesRecursive: [
        {major: 8, minor: 16, op: 'Read', value: 1n},
        {major: 8, minor: 16, op: 'Write', value: undefined},
      ],
      ioServicedRecursive: [
        {major: 8, minor: 16, op: 'Read', value: 3n},
        {major: 8, minor: 16, op: 'Write', value: 4n},
      ],
    });
  });

  it('pressure, where the kernel accounts for it', () => {
    expect(v2().cpu.psi).toBeUndefined();
    write({
      'cpu.pressure':
        'some avg10=1.50 avg60=0.25 avg300=0.00 total=12\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=3\n',
    });
    expect(v2().cpu.psi).toEqual({
      some: {avg10: 1.5, avg60: 0.25, avg300: 0, total: 12n},
      full: {avg10: 0, avg60: 0, avg300: 0, total: 3n},
    });
  });

  it('huge pages: reserved ones where they are counted', () => {
    write({
      'hugetlb.2MB.max': '0\n',
      'hugetlb.2MB.current': '1\n',
      'hugetlb.2MB.rsvd.current': '2\n',
      'hugetlb.2MB.rsvd.events': 'max 5\n',
      'hugetlb.1GB.max': '0\n',
      'hugetlb.1GB.current': '0\n',
    });
    expect(v2().hugetlb).toEqual({
      '2MB': {usage: 2n, max: undefined, failcnt: 5n},
      '1GB': {usage: undefined, max: undefined, failcnt: 0n},
    });
  });
});

describe('statistics of cgroup v1', () => {
  it('I/O is that of the first scheduler that counts', () => {
    write({
      'blkio/blkio.bfq.io_service_bytes_recursive': 'Total 0\n',
      'blkio/blkio.bfq.io_serviced_recursive': 'Total 0\n',
      'blkio/blkio.throttle.io_service_bytes_recursive': '8:0 Read 7\n8:0 Total 7\nTotal 7\n',
      'blkio/blkio.throttle.io_serviced_recursive': '8:0 Read 1\nTotal 1\n',
    });
    expect(v1().blkio).toEqual({
      ioServiceBytesRecursive: [
        {major: 8, minor: undefined, op: 'Read', value: 7n},
        {major: 8, minor: undefined, op: 'Total', value: 7n},
      ],
      ioServicedRecursive: [{major: 8, minor: undefined, op: 'Read', value: 1n}],
    });
  });

  it('lists of CPUs are spelt out', () => {
    write({
      'cpuset/cpuset.cpus': '0-2,7\n',
      'cpuset/cpuset.mems': '\n',
      'cpuset/cpuset.sched_relax_domain_level': '-1\n',
    });
    expect(v1().cpuset).toMatchObject({cpus: [0, 1, 2, 7], mems: undefined, sched_relax_domain_level: -1n});
  });
});

describe('durations', () => {
  it.each([
    ['5s', 5000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['300ms', 300],
    ['.5s', 500],
    ['100us', 0.1],
    ['0', 0],
    ['-2s', -2000],
    ['+1s', 1000],
    ['', undefined],
    ['5', undefined],
    ['s', undefined],
    ['1d', undefined],
    ['1s ', undefined],
  ])('%j', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));
});
