import {describe, expect, it} from 'vitest';
import {load, problemsOf, problemsOfText, raw, sample, withValues} from './sample.ts';

describe('a valid config', () => {
  it('is accepted', () => {
    expect(problemsOfText(JSON.stringify(sample()))).toEqual([]);
  });

  it('may have null for what is absent, as engines written in Go send it', () => {
    const {config} = load({
      '/hooks': {prestart: null, poststop: null},
      '/mounts': null,
      '/annotations': null,
      '/linux/resources': {memory: null, devices: null},
      '/linux/seccomp': null,
      '/process/env': null,
    });
    expect(config.hooks).toEqual({});
    expect('mounts' in config).toBe(false);
    expect(config.linux?.resources).toEqual({});
  });

  it('may have empty strings for what is absent', () => {
    const {config} = load({
      '/hostname': '',
      '/process/apparmorProfile': '',
      '/linux/rootfsPropagation': '',
      '/linux/namespaces': [{type: 'mount', path: ''}],
    });
    expect(config.hostname).toBeUndefined();
    expect(config.linux?.namespaces).toEqual([{type: 'mount'}]);
  });

  it('may have sections for other platforms and Windows properties', () => {
    const {warnings} = load({
      '/windows': {layerFolders: ['x'], anything: {deep: null}},
      '/vm': {},
      '/zos': {},
      '/freebsd': {},
      '/solaris': {},
      '/process/commandLine': 'x',
      '/process/user': {uid: 0, gid: 0, username: 'u'},
    });
    expect(warnings).toEqual([]);
  });
});

describe('64-bit numbers', () => {
  it('survive exactly, as bigint', () => {
    const {config} = load({
      '/linux/resources/memory/limit': raw('9223372036854771712'),
      '/linux/resources/cpu/shares': 1024,
      '/linux/resources/pids/limit': -1,
      '/linux/resources/blockIO/throttleReadBpsDevice': [{major: 8, minor: 0, rate: raw('18446744073709551615')}],
      '/process/rlimits': [{type: 'RLIMIT_NOFILE', soft: 1024, hard: raw('18446744073709551615')}],
      '/linux/seccomp': {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [
          {
            names: ['personality'],
            action: 'SCMP_ACT_ERRNO',
            args: [{index: 0, value: raw('18446744073709551615'), op: 'SCMP_CMP_EQ'}],
          },
        ],
      },
      '/linux/devices': [{path: '/dev/x', type: 'c', major: 10, minor: 229}],
    });
    expect(config.linux?.resources?.memory?.limit).toBe(9223372036854771712n);
    expect(config.linux?.resources?.cpu?.shares).toBe(1024n);
    expect(config.linux?.resources?.pids?.limit).toBe(-1n);
    expect(config.linux?.resources?.blockIO?.throttleReadBpsDevice?.[0]?.rate).toBe(18446744073709551615n);
    expect(config.process.rlimits?.[0]).toEqual({type: 'RLIMIT_NOFILE', soft: 1024n, hard: 18446744073709551615n});
    expect(config.linux?.seccomp?.syscalls?.[0]?.args?.[0]?.value).toBe(18446744073709551615n);
    expect(config.linux?.devices?.[0]?.minor).toBe(229n);
  });

  it.each([
    ['9223372036854775807', []],
    ['9223372036854775808', ['9223372036854775808']],
    ['-9223372036854775809', ['-9223372036854775809']],
  ])('int64: %s', (text, refused) => {
    const range = 'must be an integer from -9223372036854775808 to 9223372036854775807, got ';
    expect(problemsOf({'/linux/resources/memory/limit': raw(text)})).toEqual(
      refused.map((got) => `/linux/resources/memory/limit: ${range}${got}`),
    );
  });

  it.each([['18446744073709551616'], ['-1']])('uint64: %s is out of range', (text) => {
    expect(problemsOf({'/linux/resources/cpu/shares': raw(text)})).toEqual([
      `/linux/resources/cpu/shares: must be an integer from 0 to 18446744073709551615, got ${text}`,
    ]);
  });

  it('are no fractions', () => {
    expect(problemsOf({'/linux/resources/cpu/shares': 1.5})).toEqual([
      '/linux/resources/cpu/shares: must be an integer, got 1.5',
    ]);
    expect(problemsOf({'/linux/resources/cpu/shares': raw('9007199254740993.0')})).toHaveLength(1);
  });
});

describe('one problem', () => {
  it.each([
    [{'/process/cwd': 'tmp'}, '/process/cwd: must be an absolute path, got "tmp"'],
    [{'/process/cwd': ''}, '/process/cwd: must be an absolute path, got ""'],
    [{'/linux/resources/memory/limit': '1g'}, '/linux/resources/memory/limit: must be an integer, got string "1g"'],
    [{'/process/cwd': undefined}, '/process: missing required property "cwd"'],
    [{'/process/cwd': null}, '/process: missing required property "cwd"'],
    [{'/process': undefined}, ': missing required property "process"'],
    [{'/root': undefined}, ': missing required property "root"'],
    [{'/ociVersion': undefined}, ': missing required property "ociVersion"'],
    [{'/root/path': ''}, '/root/path: must be a non-empty string, got ""'],
    [{'/process/args': []}, '/process/args: must not be empty'],
    [{'/process/args': 'sh'}, '/process/args: must be an array, got string "sh"'],
    [{'/process/args': ['a', 1]}, '/process/args/1: must be a string, got 1'],
    [{'/process/args': ['a', null]}, '/process/args/1: must be a string, got null'],
    [{'/process/terminal': 'yes'}, '/process/terminal: must be true or false, got string "yes"'],
    [{'/process/env': ['A=1', 'B']}, '/process/env/1: must be NAME=VALUE, got "B"'],
    [{'/process/env': ['=B']}, '/process/env/0: must be NAME=VALUE, got "=B"'],
    [{'/process/user/uid': -1}, '/process/user/uid: must be at least 0, got -1'],
    [{'/process/user/uid': 4294967296}, '/process/user/uid: must be at most 4294967294, got 4294967296'],
    [{'/process/user/uid': raw('99999999999999999999')}, '/process/user/uid: is out of range: 99999999999999999999'],
    [{'/process/user/uid': '0'}, '/process/user/uid: must be an integer, got string "0"'],
    [{'/process/oomScoreAdj': 1001}, '/process/oomScoreAdj: must be at most 1000, got 1001'],
    [{'/mounts': {}}, '/mounts: must be an array, got an object'],
    [{'/mounts': [{type: 'proc'}]}, '/mounts/0: missing required property "destination"'],
    [{'/annotations': {a: 1}}, '/annotations/a: must be a string, got 1'],
    [{'/hooks/prestart': [{path: 'bin/x'}]}, '/hooks/prestart/0/path: must be an absolute path, got "bin/x"'],
    [{'/hooks/poststop': [{path: '/x', timeout: 0}]}, '/hooks/poststop/0/timeout: must be at least 1, got 0'],
    [{'/linux/maskedPaths': ['/a', 'b']}, '/linux/maskedPaths/1: must be an absolute path, got "b"'],
    [
      {'/linux/namespaces': [{type: 'mount', path: 'proc/1'}]},
      '/linux/namespaces/0/path: must be an absolute path, got "proc/1"',
    ],
    [
      {'/linux/namespaces': [{type: 'mount'}, {type: 'net'}]},
      '/linux/namespaces/1/type: must be one of pid, network, mount, ipc, uts, user, cgroup, time, got "net"; ' +
        'did you mean "network"?',
    ],
    // (uid_t)-1 would be "leave it as it is", which is root.
    ...(
      [
        ['/process/user', '/uid', {uid: 4294967295, gid: 0}],
        ['/process/user', '/gid', {uid: 0, gid: 4294967295}],
        ['/process/user', '/additionalGids/0', {uid: 0, gid: 0, additionalGids: [4294967295]}],
        ['/linux/devices', '/0/uid', [{path: '/dev/x', type: 'p', uid: 4294967295}]],
        ['/linux/devices', '/0/gid', [{path: '/dev/x', type: 'p', gid: 4294967295}]],
      ] as const
    ).map(([at, id, value]): [Record<string, unknown>, string] => [
      {[at]: value},
      `${at}${id}: must be at most 4294967294, got 4294967295`,
    ]),
    [
      {'/process/rlimits': [{type: 'RLIMIT_FOO', soft: 1, hard: 1}]},
      '/process/rlimits/0/type: must be one of the 16 names RLIMIT_..., got "RLIMIT_FOO"',
    ],
    [
      {'/process/rlimits': [{type: 'NOFILES', soft: 1, hard: 1}]},
      '/process/rlimits/0/type: must be one of the 16 names RLIMIT_..., got "NOFILES"; did you mean "RLIMIT_NOFILE"?',
    ],
    [{'/linux/rootfsPropagation': 7}, '/linux/rootfsPropagation: must be a string, got 7'],
    [
      {'/linux/seccomp': {defaultAction: 'ALLOW'}},
      '/linux/seccomp/defaultAction: must be one of SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, ' +
        'SCMP_ACT_TRAP, SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_NOTIFY, got "ALLOW"; ' +
        'did you mean "SCMP_ACT_ALLOW"?',
    ],
    [{'/linux/resources/cpu/cpus': 'zero'}, '/linux/resources/cpu/cpus: must be a list such as "0-3,7", got "zero"'],
  ])('%j', (changes, line) => {
    expect(problemsOf(changes as Record<string, unknown>)).toEqual([line]);
  });

  it.each([
    ['[]', 'an array'],
    ['"x"', 'string "x"'],
    ['12', '12'],
    ['null', 'null'],
  ])('the whole file is %s', (text, got) => {
    expect(problemsOfText(text)).toEqual([`: must be an object, got ${got}`]);
  });

  it('quotes no more than 64 characters, on one line', () => {
    expect(problemsOf({'/process/cwd': `x\n${'y'.repeat(1000)}`})).toEqual([
      `/process/cwd: must be an absolute path, got "x\\n${'y'.repeat(62)}..."`,
    ]);
  });
});

describe('many problems', () => {
  it('are told all at once, those of the schema and those of the rules', () => {
    expect(
      problemsOf({
        '/ociVersion': '2.0.0',
        '/hostname': 'web',
        '/process/cwd': 'tmp',
        '/process/rlimits': [
          {type: 'RLIMIT_CORE', soft: 2, hard: 1},
          {type: 'RLIMIT_CORE', soft: 0, hard: 0},
        ],
        '/linux/resources/memory/limit': '1g',
      }),
    ).toEqual([
      '/process/cwd: must be an absolute path, got "tmp"',
      '/linux/resources/memory/limit: must be an integer, got string "1g"',
      '/ociVersion: must be a version 1.x.y of the OCI runtime-spec, got "2.0.0"',
      '/hostname: unable to set hostname without a private UTS namespace',
      '/process/rlimits/1: duplicate RLIMIT_CORE: /process/rlimits/0 sets it already',
      '/process/rlimits/0: the soft limit 2 is above the hard limit 1',
    ]);
  });

  it('stop after a hundred', () => {
    const lines = problemsOf({'/process/args': Array.from({length: 250}, (_, index) => index)});
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toBe(': and 150 more problems');
  });

  it('never crash a rule, whatever has the wrong type', () => {
    const pointers = [
      '/ociVersion /hostname /process /root /mounts /hooks /annotations /linux /linux/namespaces /linux/devices',
      '/linux/resources /linux/resources/memory /linux/resources/devices /linux/seccomp /linux/seccomp/syscalls',
      '/linux/sysctl /linux/uidMappings /linux/timeOffsets /process/rlimits /process/capabilities /process/user',
      '/process/scheduler /linux/namespaces/0 /mounts/0 /linux/cgroupsPath /linux/netDevices /process/args',
    ].flatMap((line) => line.split(' '));
    for (const pointer of pointers) {
      for (const value of [1, 'x', true, [], {}, [1], [null], [[]], [{}], {a: 1}]) {
        expect(() => problemsOf({[pointer]: value}), `${pointer} ${JSON.stringify(value)}`).not.toThrow();
      }
    }
  });
});

describe('NUL bytes', () => {
  it('are refused wherever the kernel would get them', () => {
    expect(
      problemsOf({
        '/process/args': ['sh\0'],
        '/process/env': ['A=\0'],
        '/root/path': 'root\0fs',
        '/annotations': {a: '\0'},
      }),
    ).toEqual([
      '/process/args/0: must not contain a NUL byte',
      '/process/env/0: must not contain a NUL byte',
      '/root/path: must not contain a NUL byte',
    ]);
  });
});

describe('the text', () => {
  it('comes along as it was', () => {
    const text = withValues({});
    expect(load({}).text).toBe(text);
  });
});
