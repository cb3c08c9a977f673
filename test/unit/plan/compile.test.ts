import {describe, expect, it} from 'vitest';
import {compilePlan} from '../../../src/plan/compile.ts';
import {minimalInput, orderOf, stepsNamed, withConfig, withLinux, withProcess} from './input.ts';

describe('the order of a plan', () => {
  it('is this one, of a config that has everything', () => {
    const hook = [{path: '/h'}];
    const input = withConfig(
      {
        hostname: 'h',
        domainname: 'd',
        root: {path: 'rootfs', readonly: true},
        process: {
          ...minimalInput.config.process,
          cwd: '/srv',
          terminal: true,
          consoleSize: {height: 25, width: 80},
          noNewPrivileges: true,
          oomScoreAdj: -5,
          apparmorProfile: 'p',
          selinuxLabel: 'u:r:t:s0',
        },
        mounts: [{destination: '/run', type: 'tmpfs', options: ['ro']}],
        hooks: {prestart: hook, createContainer: hook, startContainer: hook},
        linux: {
          namespaces: [{type: 'mount'}, {type: 'network'}, {type: 'uts'}, {type: 'cgroup'}],
          sysctl: {'net.ipv4.ip_forward': '1'},
          readonlyPaths: ['/proc/sys'],
          maskedPaths: ['/proc/keys'],
          rootfsPropagation: 'shared',
          personality: {domain: 'LINUX32'},
          memoryPolicy: {mode: 'MPOL_LOCAL'},
        },
      },
      {seccomp: {program: new Uint8Array(8), flags: 0}},
    );
    const order = orderOf(input).filter((op) => op !== 'device' && op !== 'symlink');
    expect(order).toEqual([
      'joinCgroup',
      'cpuAffinity',
      'oomScoreAdj',
      'unshare',
      'newSession',
      'sessionKeyring',
      'loopbackUp',
      'rootPropagation',
      'rootfs',
      'mountFilesystem',
      'runtimeHooks',
      'hook',
      'pivotRoot',
      'makeDirectory',
      'console',
      'remountReadonly',
      'remountReadonly',
      'umask',
      'hostname',
      'domainname',
      'apparmorProfile',
      'sysctl',
      'readonlyPath',
      'maskPath',
      'propagation',
      'noNewPrivileges',
      'personality',
      'memoryPolicy',
      'rlimit',
      'signals',
      'selinuxLabel',
      'chdir',
      'boundingSet',
      'user',
      'chdir',
      'capabilities',
      'findExecutable',
      'ready',
      'gate',
      'hook',
      'seccomp',
      'exec',
    ]);
  });

  it('is this one, of a config that has nothing', () => {
    const order = orderOf(minimalInput).filter((op) => op !== 'device' && op !== 'symlink');
    expect(order).toEqual([
      'joinCgroup',
      'cpuAffinity',
      'newSession',
      'sessionKeyring',
      'rootPropagation',
      'rootfs',
      'pivotRoot',
      'umask',
      'rlimit',
      'signals',
      'stdioOwner',
      'chdir',
      'boundingSet',
      'user',
      'chdir',
      'capabilities',
      'findExecutable',
      'ready',
      'gate',
      'exec',
    ]);
  });
});

describe('single properties', () => {
  it('the console has a size and an owner', () => {
    const consoleSize = {height: 25, width: 80};
    expect(stepsNamed(withProcess({terminal: true, consoleSize, user: {uid: 5, gid: 5}}), 'console')).toEqual([
      {op: 'console', at: '/process/terminal', height: 25, width: 80, bindConsole: true, uid: 5},
    ]);
  });

  it('consoleSize without a terminal is nothing', () => {
    expect(orderOf(withProcess({consoleSize: {height: 1, width: 1}}))).not.toContain('console');
  });

  it('the working directory is made, and cleaned', () => {
    expect(stepsNamed(withProcess({cwd: '/a/../b/'}), 'makeDirectory', 'chdir')).toEqual([
      {op: 'makeDirectory', at: '/process/cwd', path: '/b'},
      {op: 'chdir', at: '/process/cwd', path: '/b', retry: false},
      {op: 'chdir', at: '/process/cwd', path: '/b', retry: true},
    ]);
  });

  it('oomScoreAdj of 0 is set, too', () => {
    expect(stepsNamed(withProcess({oomScoreAdj: 0}), 'oomScoreAdj')).toEqual([
      {op: 'oomScoreAdj', at: '/process/oomScoreAdj', value: 0},
    ]);
  });

  it('names are those of the config, if any', () => {
    expect(stepsNamed(withConfig({hostname: 'h', domainname: 'd'}), 'hostname', 'domainname')).toEqual([
      {op: 'hostname', at: '/hostname', name: 'h'},
      {op: 'domainname', at: '/domainname', name: 'd'},
    ]);
    expect(orderOf(withConfig({hostname: '', domainname: ''}))).not.toContain('hostname');
  });

  it('sysctl in both forms', () => {
    const sysctl = {'net.ipv4.conf.eth0/1.forwarding': '1', 'net/ipv4/conf/eth0.1/mtu': '9000'};
    expect(stepsNamed(withLinux({sysctl}), 'sysctl')).toEqual([
      {
        op: 'sysctl',
        at: '/linux/sysctl/net.ipv4.conf.eth0~11.forwarding',
        path: 'net/ipv4/conf/eth0.1/forwarding',
        value: '1',
      },
      {op: 'sysctl', at: '/linux/sysctl/net~1ipv4~1conf~1eth0.1~1mtu', path: 'net/ipv4/conf/eth0.1/mtu', value: '9000'},
    ]);
  });

  it('paths are read-only first, then masked', () => {
    const linux = {maskedPaths: ['/proc/keys', '/sys/firmware'], readonlyPaths: ['/proc/sys']};
    expect(stepsNamed(withLinux(linux), 'maskPath', 'readonlyPath')).toEqual([
      {op: 'readonlyPath', at: '/linux/readonlyPaths/0', path: '/proc/sys'},
      {op: 'maskPath', at: '/linux/maskedPaths/0', path: '/proc/keys', label: ''},
      {op: 'maskPath', at: '/linux/maskedPaths/1', path: '/sys/firmware', label: ''},
    ]);
  });

  it('the root as a read-only path is its own mount made read-only', () => {
    expect(stepsNamed(withLinux({readonlyPaths: ['/etc/..']}), 'readonlyPath', 'remountReadonly')).toEqual([
      {op: 'remountReadonly', at: '/linux/readonlyPaths/0', target: '/'},
    ]);
  });
});

describe('options of the command', () => {
  const options = {noPivot: false, noNewKeyring: true, preserveFds: 2};

  it('a keyring of its own, or none', () => {
    expect(stepsNamed(minimalInput, 'sessionKeyring')).toEqual([
      {op: 'sessionKeyring', at: '', name: '_ses.web', label: ''},
    ]);
    expect(orderOf({...minimalInput, options})).not.toContain('sessionKeyring');
  });

  it('run has no gate', () => {
    expect(orderOf({...minimalInput, options}).slice(-2)).toEqual(['ready', 'exec']);
    expect(stepsNamed(minimalInput, 'gate')).toEqual([{op: 'gate', at: '', read: 11, report: 12}]);
  });

  it('fds are kept, sockets of activation first and told', () => {
    expect(stepsNamed({...minimalInput, options: {...options, listenFds: 3}}, 'exec')).toMatchObject([
      {preserve: 5, env: ['PATH=/bin:/usr/bin', 'LISTEN_FDS=3', 'LISTEN_PID=1']},
    ]);
    expect(stepsNamed({...minimalInput, options}, 'exec')).toMatchObject([{preserve: 2}]);
  });
});

describe('the program', () => {
  it('is looked up in the PATH of its environment', () => {
    const env = ['PATH=/a', 'X=1', 'PATHS=no', 'PATH=/b', 'X=2=3'];
    expect(stepsNamed(withProcess({args: ['sh', '-c', ''], env}), 'findExecutable', 'exec')).toEqual([
      {op: 'findExecutable', at: '/process/args/0', name: 'sh', path: '/b'},
      {
        op: 'exec',
        at: '/process/args',
        args: ['sh', '-c', ''],
        env: ['PATHS=no', 'PATH=/b', 'X=2=3'],
        uid: 0,
        preserve: 0,
      },
    ]);
  });

  it('and nowhere when there is no PATH', () => {
    const {env: _, ...process} = minimalInput.config.process;
    expect(stepsNamed(withConfig({process}), 'findExecutable', 'exec')).toMatchObject([{path: ''}, {env: []}]);
  });
});

describe('compiling', () => {
  it('is pure: the same input gives the same plan, and is not changed', () => {
    const frozen = Object.freeze(structuredClone(minimalInput.config));
    const input = {...minimalInput, config: frozen};
    expect(compilePlan(input)).toEqual(compilePlan(input));
    expect(frozen).toEqual(minimalInput.config);
  });

  it('asks for the version of the kernel only when a mount needs it', () => {
    const facts = {
      ...minimalInput.facts,
      get kernel(): never {
        throw new Error('not needed');
      },
    };
    expect(() => compilePlan({...minimalInput, facts})).not.toThrow();
  });
});
