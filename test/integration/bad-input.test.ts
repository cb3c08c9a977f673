// Bad input: each is refused within a second, with one message that names the problem, and leaves nothing behind.
import {execFileSync} from 'node:child_process';
import {appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import {type Box, type Container, type Edit, isRunc, test} from './harness.ts';
import {entries, until} from './inspect.ts';
import type {Spec} from './spec.ts';

interface Case {
  /** What is wrong, as the name of the test. */
  readonly what: string;
  /** What the message must say. */
  readonly says: RegExp;
  /** Changes the config. */
  readonly edit?: (spec: Spec, box: Box) => void;
  /** Changes the bundle on disk. */
  readonly bundle?: (it: Container, box: Box) => void;
  /** argv after the global --root; the default is `create --bundle DIR ID`. */
  readonly args?: (it: Container, box: Box) => string[];
  /** A command in front of the runtime. */
  readonly wrapper?: (box: Box) => string[];
  /** How runc 1.1 differs: its own message, or the reason why it is not asked. */
  readonly runc?: RegExp | string;
  /** In milliseconds; 1000 without. */
  readonly within?: number;
}

const NOT_FOUND = 'no such file or directory|not found|does not exist|ENOENT';
const create =
  (...flags: string[]) =>
  (it: Container): string[] => ['create', '--bundle', it.dir, ...flags, it.id];
const withId =
  (id: string) =>
  (it: Container): string[] => ['create', '--bundle', it.dir, id];
const config = (it: Container): string => join(it.dir, 'config.json');
const rewrite = (it: Container, change: (text: string) => string): void =>
  writeFileSync(config(it), change(readFileSync(config(it), 'utf8')));
const program =
  (args: string[]): ((spec: Spec) => void) =>
  (spec) => {
    spec.process.args = args;
  };
/** For values that the types rightly forbid. */
const wrong =
  (change: (spec: {[key: string]: any}) => void): ((spec: Spec) => void) =>
  (spec) =>
    change(spec);

const CASES: readonly Case[] = [
  // ---- the bundle
  {what: 'a bundle that is missing', args: (it, box) => ['create', '--bundle', join(box.dir, 'nope'), it.id], says: new RegExp(`nope.*(${NOT_FOUND})`, 'i')},
  {what: 'a bundle that is a file', args: (it) => ['create', '--bundle', config(it), it.id], says: /config\.json.*not a directory|ENOTDIR/i},
  {what: 'a bundle without config.json', bundle: (it) => rmSync(config(it)), says: /config\.json.*(not found|no such file)/i},
  {what: 'a config.json that is empty', bundle: (it) => writeFileSync(config(it), ''), says: /config\.json.*(empty|end)|EOF/i, runc: /EOF/},
  {what: 'a config.json that is truncated', bundle: (it) => truncateSync(config(it), 200), says: /config\.json.*(line|position|end|JSON)/i, runc: /unexpected EOF|unexpected end/},
  {what: 'a config.json that is not JSON', bundle: (it) => writeFileSync(config(it), 'ociVersion: 1.0.2\n'), says: /config\.json:1:1: /, runc: /invalid character/},
  {what: 'a config.json that is an array', bundle: (it) => writeFileSync(config(it), '[]'), says: /config\.json.*object/i, runc: /cannot unmarshal array/},
  {what: 'a config.json that is null', bundle: (it) => writeFileSync(config(it), 'null'), says: /config\.json.*object/i, runc: 'runc 1.1 panics'},
  {what: 'a config.json of 10 MB of zeros', bundle: (it) => truncateSync(config(it), 10 << 20), says: /config\.json/i, runc: 'Go stops reading after the object'},
  {what: 'a config.json of 10 MB with an invalid end', bundle: (it) => appendFileSync(config(it), `${' '.repeat(10 << 20)}x`), says: /config\.json.*(too large|unexpected)/i, runc: 'Go stops reading after the object'},
  {what: 'a config.json that nests ten thousand arrays', bundle: (it) => rewrite(it, (text) => text.replace('{', `{"x": ${'['.repeat(20_000)}${']'.repeat(20_000)},`).replace('"ociVersion": "1.0.2"', '"ociVersion": 1')), says: /config\.json/i, runc: /max depth|cannot unmarshal/},
  {what: 'a config.json that is a directory', bundle: (it) => { rmSync(config(it)); mkdirSync(config(it)); }, says: /config\.json.*(is a directory|EISDIR|not a regular file)/i},
  {what: 'a config.json that is a FIFO', bundle: (it) => { rmSync(config(it)); execFileSync('mkfifo', [config(it)]); }, says: /config\.json.*(FIFO|not a regular file|regular)/i, runc: 'runc 1.1 waits for a writer'},
  {what: 'a config.json that is a device', bundle: (it) => { rmSync(config(it)); symlinkSync('/dev/zero', config(it)); }, says: /config\.json.*(device|not a regular file|regular)/i, runc: 'runc 1.1 reads it'},
  {what: 'a config.json with invalid UTF-8', bundle: (it) => writeFileSync(config(it), Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])), says: /config\.json|\/process/i, runc: /process/},
  {what: 'a rootfs that is missing', edit: (spec) => { spec.root.path = 'nope'; }, says: new RegExp(`nope.*(${NOT_FOUND})`, 'i')},
  {what: 'a rootfs that is a file', edit: (spec) => { spec.root.path = 'config.json'; }, says: /config\.json.*not a directory|ENOTDIR/i, runc: /not a directory/},
  {what: 'a root without a path', edit: wrong((spec) => { spec['root'] = {}; }), says: /root\/?.*path/i, runc: 'runc 1.1 takes the bundle'},
  {what: 'no root at all', edit: wrong((spec) => { delete spec['root']; }), says: /root/i},

  // ---- ids
  {what: 'an id that climbs: ../x', args: withId('../x'), says: /invalid container ID format.*\.\.\/x|invalid container ID format/},
  {what: 'an id with a slash', args: withId('a/b'), says: /invalid container ID format/},
  {what: 'the id ..', args: withId('..'), says: /invalid container ID format/},
  {what: 'the id .', args: withId('.'), says: /invalid container ID format/},
  {what: 'an id with a blank', args: withId('a b'), says: /invalid container ID format/},
  {what: 'an id with a line break', args: withId('a\nb'), says: /invalid container ID format/},
  {what: 'an id beyond ASCII', args: withId('bücher'), says: /invalid container ID format/},
  {what: 'an empty id', args: withId(''), says: /container id cannot be empty/},
  {what: 'an id that is too long for a file name', args: withId('a'.repeat(300)), says: /(id|ID).*(long|length)|name too long/},
  {what: 'state of ../x', args: () => ['state', '../x'], says: /invalid container ID format|does not exist/},
  {what: 'delete --force of ../x', args: () => ['delete', '--force', '../x'], says: /invalid container ID format/, runc: 'runc 1.1 takes it for unknown'},

  // ---- wrong types and values in config.json
  {what: 'a string for process.user.uid', edit: wrong((spec) => { spec['process'].user.uid = '0'; }), says: /\/process\/user\/uid.*(number|integer)/, runc: /uid/},
  {what: 'a number for process.args', edit: wrong((spec) => { spec['process'].args = 5; }), says: /\/process\/args.*array/, runc: /args/},
  {what: 'a number inside process.args', edit: wrong((spec) => { spec['process'].args = ['sh', 5]; }), says: /\/process\/args\/1.*string/, runc: /args/},
  {what: 'an object for mounts', edit: wrong((spec) => { spec['mounts'] = {}; }), says: /\/mounts.*array/, runc: /mounts/},
  {what: 'a string for a memory limit', edit: wrong((spec) => { spec['linux'].resources.memory = {limit: '64m'}; }), says: /\/linux\/resources\/memory\/limit.*(number|integer)/, runc: /limit/},
  {what: 'a fraction for a memory limit', edit: wrong((spec) => { spec['linux'].resources.memory = {limit: 1.5}; }), says: /\/linux\/resources\/memory\/limit.*integer/, runc: /limit/},
  {what: 'a memory limit beyond 64 bits', edit: wrong((spec) => { spec['linux'].resources.memory = {limit: 2n ** 70n}; }), says: /\/linux\/resources\/memory\/limit/, runc: /limit/},
  {what: 'a uid out of range', edit: wrong((spec) => { spec['process'].user.uid = 4_294_967_296; }), says: /\/process\/user\/uid/, runc: /uid/},
  {what: 'a negative uid', edit: wrong((spec) => { spec['process'].user.uid = -1; }), says: /\/process\/user\/uid/, runc: /uid/},
  {what: 'no process', edit: wrong((spec) => { delete spec['process']; }), says: /process/i},
  {what: 'no ociVersion', edit: wrong((spec) => { delete spec['ociVersion']; }), says: /ociVersion/, runc: 'runc does not look at it'},
  {what: 'empty args', edit: program([]), says: /args/},
  {what: 'an empty name of the program', edit: program(['']), says: /args|exec|executable/i},
  {what: 'a relative cwd', edit: (spec) => { spec.process.cwd = 'tmp'; }, says: /cwd.*absolute|absolute.*cwd|Cwd.*absolute/i},
  {what: 'no cwd', edit: wrong((spec) => { delete spec['process'].cwd; }), says: /cwd/i},
  {what: 'a NUL byte in an argument', edit: program(['/bin/echo', 'a\0b']), says: /\/process\/args\/1.*NUL|NUL|invalid argument/i, runc: 'runc 1.1 cuts it there'},
  {what: 'a NUL byte in the environment', edit: (spec) => { spec.process.env.push('A=\0'); }, says: /\/process\/env|NUL|invalid argument/i, runc: 'runc 1.1 passes it on to execve, which cuts it'},
  {what: 'a NUL byte in a destination', edit: (spec) => { spec.mounts.push({destination: '/a\0b', type: 'tmpfs', source: 'tmpfs'}); }, says: /\/mounts\/6.*NUL|NUL|invalid argument/i},
  {what: 'an environment entry without =', edit: (spec) => { spec.process.env.push('NOVALUE'); }, says: /env.*NOVALUE|NOVALUE/, runc: 'runc 1.1 passes over it'},

  // ---- the program
  {what: 'a program that is missing', edit: program(['/bin/nope']), says: /exec: .*\/bin\/nope.*no such file or directory/i},
  {what: 'a program that is nowhere in PATH', edit: program(['nope']), says: /exec: .*nope.*executable file not found in \$PATH/},
  {what: 'a program that is not executable', edit: program(['/etc/passwd']), says: /exec: .*\/etc\/passwd.*permission denied/i},
  {what: 'a program that is a directory', edit: program(['/bin']), says: /exec: .*\/bin.*(is a directory|permission denied)/i},
  {
    what: 'a script whose interpreter is missing',
    edit: program(['/bin/script']),
    bundle: (it) => writeFileSync(join(it.rootfs, 'bin/script'), '#!/nope/sh\n', {mode: 0o755}),
    args: (it) => ['run', '--bundle', it.dir, it.id],
    says: /\/bin\/script.*\/nope\/sh/,
    runc: /no such file or directory/,
  },
  {
    what: 'a program for another machine',
    edit: program(['/bin/other']),
    bundle: (it) => {
      const elf = Buffer.from(readFileSync('/bin/busybox').subarray(0, 4096));
      elf.writeUInt16LE(0xf3, 18); // e_machine: RISC-V
      writeFileSync(join(it.rootfs, 'bin/other'), elf, {mode: 0o755});
    },
    args: (it) => ['run', '--bundle', it.dir, it.id],
    says: /\/bin\/other.*(exec format error|ENOEXEC|RISC-V|machine)/i,
    runc: /exec format error/,
  },
  {
    what: 'a program whose ELF interpreter is missing',
    edit: program(['/bin/dynamic']),
    bundle: (it) => writeFileSync(join(it.rootfs, 'bin/dynamic'), readFileSync('/bin/true'), {mode: 0o755}),
    args: (it) => ['run', '--bundle', it.dir, it.id],
    says: /\/bin\/dynamic.*\/lib64\/ld-linux/,
    runc: /no such file or directory/,
  },

  // ---- capabilities, limits
  {what: 'an unknown capability', edit: wrong((spec) => { spec['process'].capabilities.bounding.push('CAP_NOPE'); }), says: /CAP_NOPE/, runc: 'runc warns'},
  {what: 'an unknown rlimit', edit: (spec) => { spec.process.rlimits = [{type: 'RLIMIT_NOPE', soft: 1, hard: 1}]; }, says: /RLIMIT_NOPE/},
  {what: 'a soft limit above the hard one', edit: (spec) => { spec.process.rlimits = [{type: 'RLIMIT_NOFILE', soft: 200, hard: 100}]; }, says: /\/process\/rlimits\/0.*soft/, runc: /rlimit.*invalid argument/},
  {what: 'the same rlimit twice', edit: (spec) => { const one = {type: 'RLIMIT_NOFILE', soft: 100, hard: 100}; spec.process.rlimits = [one, one]; }, says: /\/process\/rlimits\/1.*(twice|duplicate|already)/i, runc: 'runc takes the last'},
  {what: 'an oomScoreAdj out of range', edit: (spec) => { spec.process.oomScoreAdj = 2000; }, says: /oom_?score_?adj/i},

  // ---- namespaces
  {what: 'an unknown namespace', edit: (spec) => { spec.linux.namespaces.push({type: 'nope'}); }, says: /nope/},
  {what: 'the same namespace twice', edit: (spec) => { spec.linux.namespaces.push({type: 'pid'}); }, says: /pid/},
  {what: 'a namespace path that is missing', edit: (spec) => { spec.linux.namespaces[1] = {type: 'network', path: '/nope/netns'}; }, says: new RegExp(`/nope/netns.*(${NOT_FOUND})`, 'i')},
  {what: 'a namespace path that is no namespace', edit: (spec) => { spec.linux.namespaces[1] = {type: 'network', path: '/etc/passwd'}; }, says: /\/etc\/passwd/, runc: /namespace|nsexec|init/},
  {what: 'a namespace of another kind', edit: (spec) => { spec.linux.namespaces[1] = {type: 'network', path: '/proc/self/ns/uts'}; }, says: /\/proc\/self\/ns\/uts.*(uts|network|kind|type)/, runc: /namespace|nsexec|init/},
  {what: 'a relative namespace path', edit: (spec) => { spec.linux.namespaces[1] = {type: 'network', path: 'netns'}; }, says: /netns/},
  {what: 'a hostname without a uts namespace', edit: (spec) => { spec.linux.namespaces = spec.linux.namespaces.filter(({type}) => type !== 'uts'); }, says: /hostname.*uts/i},
  {what: 'a sysctl outside of its namespace', edit: (spec) => { spec.linux.sysctl = {'net.ipv4.ip_forward': '1'}; spec.linux.namespaces = spec.linux.namespaces.filter(({type}) => type !== 'network'); }, says: /net\.ipv4\.ip_forward/},
  {what: 'a sysctl that has no namespace', edit: (spec) => { spec.linux.sysctl = {'vm.swappiness': '1'}; }, says: /vm\.swappiness/},
  {what: 'a sysctl that does not exist', edit: (spec) => { spec.linux.sysctl = {'net.nope': '1'}; }, says: /net[./]nope/},
  {what: 'a value that a sysctl refuses', edit: (spec) => { spec.linux.sysctl = {'net.ipv4.ip_forward': 'many'}; }, says: /net[./]ipv4[./]ip_forward.*invalid argument/i},
  {what: 'mounts without a mount namespace', edit: (spec) => { spec.linux.namespaces = spec.linux.namespaces.filter(({type}) => type !== 'mount'); }, says: /mount/i, runc: /MNT namespace/},

  // ---- mounts
  {what: 'a mount option that the filesystem does not know', edit: (spec) => { spec.mounts.push({destination: '/m', type: 'tmpfs', source: 'tmpfs', options: ['nope=1']}); }, says: /\/mounts\/6.*tmpfs.*(nope)/i, runc: /\/m.*invalid argument/},
  {what: 'a mount option with a bad value', edit: (spec) => { spec.mounts.push({destination: '/m', type: 'tmpfs', source: 'tmpfs', options: ['size=many']}); }, says: /\/mounts\/6.*Bad value for 'size'/i, runc: /\/m.*invalid argument/},
  {what: 'an unknown filesystem', edit: (spec) => { spec.mounts.push({destination: '/m', type: 'nopefs', source: 'none'}); }, says: /nopefs|no such device/i},
  {what: 'a bind source that is missing', edit: (spec) => { spec.mounts.push({destination: '/m', type: 'bind', source: '/nope/source', options: ['bind']}); }, says: new RegExp(`/nope/source.*(${NOT_FOUND})`, 'i')},
  {what: 'a directory bound over a file', edit: (spec) => { spec.mounts.push({destination: '/etc/passwd', type: 'bind', source: '/tmp', options: ['bind']}); }, says: /\/etc\/passwd.*not a directory/i},
  {what: 'a file bound over a directory', edit: (spec) => { spec.mounts.push({destination: '/etc', type: 'bind', source: '/etc/passwd', options: ['bind']}); }, says: /\/etc.*(not a directory|is a directory)/i},
  {what: 'a target below a file', edit: (spec) => { spec.mounts.push({destination: '/etc/passwd/sub', type: 'tmpfs', source: 'tmpfs'}); }, says: /\/etc\/passwd.*not a directory/i},
  {what: 'a target that is a symlink to itself', edit: (spec) => { spec.mounts.push({destination: '/loop/x', type: 'tmpfs', source: 'tmpfs'}); }, bundle: (it) => symlinkSync('/loop', join(it.rootfs, 'loop')), says: /\/loop.*(symbolic links|symlink|ELOOP)/i, runc: /too many|symlink|loop/i},
  {what: 'a mount without a destination', edit: wrong((spec) => { spec['mounts'].push({type: 'tmpfs', source: 'tmpfs'}); }), says: /\/mounts\/6.*destination/, runc: 'runc 1.1 mounts it somewhere'},
  {what: 'an overlay whose lower directory is missing', edit: (spec) => { spec.mounts.push({destination: '/m', type: 'overlay', source: 'overlay', options: ['lowerdir=/nope/lower']}); }, says: /\/m.*(no such file or directory|invalid argument|lower)/i},
  {what: 'an unknown rootfsPropagation', edit: (spec) => { spec.linux.rootfsPropagation = 'nope'; }, says: /rootfsPropagation/, runc: /rootfsPropagation.*nope|nope/},

  // ---- devices, seccomp
  {what: 'a device of an unknown type', edit: (spec) => { spec.linux.devices = [{type: 'x', path: '/dev/x', major: 1, minor: 3}]; }, says: /\/linux\/devices\/0.*type/, runc: /device.*x/},
  {what: 'a device without a path', edit: wrong((spec) => { spec['linux'].devices = [{type: 'c', major: 1, minor: 3}]; }), says: /\/linux\/devices\/0.*path/, runc: 'runc 1.1 makes it somewhere'},
  {what: 'a device with a relative path', edit: (spec) => { spec.linux.devices = [{type: 'c', path: 'dev/x', major: 1, minor: 3}]; }, says: /\/linux\/devices\/0.*absolute/, runc: 'runc 1.1 takes it from the root'},
  {what: 'a device where the image has a directory', edit: (spec) => { spec.linux.devices = [{type: 'c', path: '/etc', major: 1, minor: 3}]; }, says: /\/etc/, runc: 'runc 1.1 bind-mounts over it'},
  {what: 'an unknown seccomp action', edit: (spec) => { spec.linux.seccomp = {defaultAction: 'SCMP_ACT_NOPE'}; }, says: /SCMP_ACT_NOPE/},
  {what: 'an unknown seccomp operator', edit: (spec) => { spec.linux.seccomp = {defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{names: ['chmod'], action: 'SCMP_ACT_ERRNO', args: [{index: 1, value: 1, op: 'SCMP_CMP_NOPE'}]}]}; }, says: /SCMP_CMP_NOPE/},
  {what: 'a seccomp argument beyond the sixth', edit: (spec) => { spec.linux.seccomp = {defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{names: ['chmod'], action: 'SCMP_ACT_ERRNO', args: [{index: 6, value: 1, op: 'SCMP_CMP_EQ'}]}]}; }, says: /\/linux\/seccomp\/syscalls\/0\/args\/0.*index/, runc: /seccomp|invalid|argument/i},
  {what: 'an unknown seccomp architecture', edit: (spec) => { spec.linux.seccomp = {defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_NOPE']}; }, says: /SCMP_ARCH_NOPE/},
  {what: 'a seccomp rule without names', edit: (spec) => { spec.linux.seccomp = {defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{names: [], action: 'SCMP_ACT_ERRNO'}]}; }, says: /\/linux\/seccomp\/syscalls\/0.*names/, runc: 'runc passes over it'},
  {what: 'seccomp notification without a listener', edit: (spec) => { spec.linux.seccomp = {defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{names: ['chmod'], action: 'SCMP_ACT_NOTIFY'}]}; }, says: /listenerPath|SCMP_ACT_NOTIFY/, runc: /SCMP_ACT_NOTIFY|listenerPath/i},

  // ---- cgroups
  {what: 'a cpuset that does not exist', edit: (spec) => { spec.linux.resources = {cpu: {cpus: '999'}}; }, says: /cpuset|cpus/},
  {what: 'a cpuset that is not a list', edit: (spec) => { spec.linux.resources = {cpu: {cpus: 'nope'}}; }, says: /cpuset|cpus/},
  {what: 'a memory limit that is too small to start', edit: (spec) => { spec.linux.resources = {memory: {limit: 4096}}; }, says: /memory|OOM/i},
  {what: 'a swap limit below the memory limit', edit: (spec) => { spec.linux.resources = {memory: {limit: 64 << 20, swap: 32 << 20}}; }, says: /swap/i, runc: /memory/i},
  {what: 'a cpu quota that is too small', edit: (spec) => { spec.linux.resources = {cpu: {quota: 10, period: 100_000}}; }, says: /quota/i},
  {what: 'a throttled device that does not exist', edit: (spec) => { spec.linux.resources = {blockIO: {throttleReadBpsDevice: [{major: 4000, minor: 99, rate: 1000}]}}; }, says: /4000:99/, runc: /blkio|no such device/i},
  {what: 'a device rule without access', edit: (spec) => { spec.linux.resources = {devices: [{allow: true, type: 'c', major: 1, minor: 3, access: 'xyz'}]}; }, says: /access|xyz/, runc: 'runc passes it on to the kernel, which passes over it'},
  {what: 'an unsupported page size', edit: (spec) => { spec.linux.resources = {hugepageLimits: [{pageSize: '3MB', limit: 1}]}; }, says: /3MB|huge/i},
  {what: 'unified resources on cgroup v1', edit: (spec) => { spec.linux.resources = {unified: {'memory.max': '1'}}; }, says: /unified/},

  // ---- hooks
  {what: 'a hook with a relative path', edit: (spec) => { spec.hooks = {createRuntime: [{path: 'bin/true'}]}; }, says: /hooks?\/?.*(absolute|bin\/true)/i},
  {what: 'a hook that is missing', edit: (spec) => { spec.hooks = {createRuntime: [{path: '/nope/hook'}]}; }, says: new RegExp(`/nope/hook.*(${NOT_FOUND})`, 'i')},
  {what: 'a hook that is not executable', edit: (spec) => { spec.hooks = {createRuntime: [{path: '/etc/passwd'}]}; }, says: /\/etc\/passwd.*permission denied/i},
  {what: 'a hook that fails', edit: (spec) => { spec.hooks = {createContainer: [{path: '/bin/false'}]}; }, says: /hook.*(1)/i},
  {what: 'a hook that is killed', edit: (spec) => { spec.hooks = {prestart: [{path: '/bin/sh', args: ['sh', '-c', 'kill -9 $$']}]}; }, says: /hook.*(kill|signal)/i},
  {what: 'a hook that takes too long', edit: (spec) => { spec.hooks = {createRuntime: [{path: '/bin/sleep', args: ['sleep', '50'], timeout: 1}]}; }, says: /time(d )?out/i, within: 2500},
  {what: 'a timeout of 0 seconds', edit: (spec) => { spec.hooks = {createRuntime: [{path: '/bin/true', timeout: 0}]}; }, says: /timeout/, runc: 'runc takes it for none'},
  {what: 'a startContainer hook that is missing', edit: (spec) => { spec.hooks = {startContainer: [{path: '/nope/hook'}]}; }, args: (it) => ['run', '--bundle', it.dir, it.id], says: new RegExp(`/nope/hook.*(${NOT_FOUND})`, 'i')},

  // ---- options
  {what: 'a --root that is a file', args: (it) => ['--root', config(it), 'create', '--bundle', it.dir, it.id], says: /config\.json.*(not a directory|file exists)/i},
  {what: 'a --log-format that is none', args: (it) => ['--log-format', 'yaml', ...create()(it)], says: /invalid log-format.*yaml/},
  {what: 'a --log in a missing directory', args: (it) => ['--log', '/nope/log', ...create()(it)], says: new RegExp(`/nope/log.*(${NOT_FOUND})`, 'i')},
  {what: 'a --log that is a directory', args: (it, box) => ['--log', box.dir, ...create()(it)], says: /is a directory|EISDIR/i},
  {what: 'a --pid-file in a missing directory', args: create('--pid-file', '/nope/pid'), says: new RegExp(`/nope/.*(${NOT_FOUND})`, 'i')},
  {what: 'a terminal without a console socket', edit: (spec) => { spec.process.terminal = true; }, says: /cannot allocate tty if \S+ will detach without setting console socket/},
  {what: 'a console socket that is missing', edit: (spec) => { spec.process.terminal = true; }, args: create('--console-socket', '/nope/sock'), says: new RegExp(`/nope/sock.*(${NOT_FOUND})`, 'i')},
  {what: 'a console socket that is a file', edit: (spec) => { spec.process.terminal = true; }, args: create('--console-socket', '/etc/passwd'), says: /\/etc\/passwd.*(not a socket|connection refused|ECONNREFUSED)/i},
  {what: 'a --preserve-fds that is no number', args: create('--preserve-fds', 'many'), says: /preserve-fds/},
  {what: 'a --preserve-fds that is negative', args: create('--preserve-fds', '-1'), says: /preserve-fds/, runc: 'runc 1.1 takes it'},

  // ---- permissions
  {what: 'an unreadable state root', args: (it, box) => ['--root', box.root, ...create()(it)], bundle: (_, box) => { for (const dir of [box.dir]) chmodSync(dir, 0o755); }, wrapper: () => ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'], says: /permission denied|EACCES|EPERM|operation not permitted/i},
];

async function check(box: Box, it: Case, skip: (condition: boolean, note?: string) => void): Promise<void> {
  skip(isRunc && typeof it.runc === 'string', String(it.runc));
  const edit: Edit | undefined = it.edit && ((spec) => it.edit?.(spec, box));
  const container = box.container(['/bin/true'], edit);
  it.bundle?.(container, box);
  const args = (it.args ?? create())(container, box);
  const wrapper = it.wrapper?.(box) ?? [];
  const outcome = await box.runtime(args, {wrapper, timeout: 5000});

  const message = outcome.stderr.trimEnd();
  expect(outcome.code, message).toBe(1);
  expect(message).toMatch(isRunc && it.runc instanceof RegExp ? it.runc : it.says);
  if (!isRunc) {
    // One line, or one for each problem of the config, each with its place.
    const [, ...more] = message.split('\n');
    expect(more.filter((line) => !/^config\.json#\/\S*: /.test(line))).toEqual([]);
    expect(message, 'no stack').not.toMatch(/\bat .*\.(js|cjs|ts):\d+|Error:.*Error:|internal\//);
    expect(message, 'nothing unset').not.toMatch(/undefined|\[object/);
  }
  expect(outcome.milliseconds).toBeLessThan(it.within ?? 1000);
  await until('clean', () => box.leftovers().length === 0, 1000).catch(() => {});
  expect(box.leftovers()).toEqual([]);
  expect(entries(box.root).filter((name) => !name.startsWith('.') && !/seccomp/.test(name))).toEqual([]);
}

for (const it of CASES) {
  test(`bad input: ${it.what}`, ({box, skip}) => check(box, it, skip));
}

test('bad input: there are enough of them', () => {
  expect(CASES.length).toBeGreaterThan(100);
});

test('bad input: an invalid config yields every problem at once', async ({box, skip}) => {
  skip(isRunc, 'runc stops at the first');
  const it = box.container(['/bin/true'], wrong((spec) => {
    spec['process'].cwd = 'tmp';
    spec['process'].user.uid = 'root';
    spec['mounts'] = 7;
    spec['linux'].namespaces.push({type: 'nope'});
  }));
  const outcome = await box.runtime(['--log', 'log', 'create', '--bundle', it.dir, it.id]);
  for (const pointer of ['/process/cwd', '/process/user/uid', '/mounts', '/linux/namespaces/5']) {
    expect(outcome.stderr).toContain(`config.json#${pointer}`);
  }
});

test('bad input: an unknown key is a warning with a suggestion, and the container runs', async ({box, skip}) => {
  skip(isRunc, 'runc passes over it in silence');
  const it = box.container('echo ran', wrong((spec) => {
    spec['linux'].rootPropagation = 'shared';
    spec['procces'] = {};
  }));
  const outcome = await box.runtime(['--log', 'log', 'run', '--bundle', it.dir, it.id]);
  expect(outcome).toMatchObject({code: 0, stdout: 'ran\n'});
  const log = readFileSync(join(box.dir, 'log'), 'utf8');
  expect(log).toMatch(/level=warning.*rootPropagation.*rootfsPropagation/);
  expect(log).toMatch(/level=warning.*procces.*process/);
});

const UNSUPPORTED: readonly (readonly [string, (spec: {[key: string]: any}) => void, RegExp])[] = [
  ['apparmorProfile', (spec) => { spec['process'].apparmorProfile = 'some-profile'; }, /apparmorProfile/],
  ['selinuxLabel', (spec) => { spec['process'].selinuxLabel = 'system_u:system_r:x_t:s0'; }, /selinuxLabel/],
  ['scheduler', (spec) => { spec['process'].scheduler = {policy: 'SCHED_BATCH'}; }, /scheduler/],
  ['ioPriority', (spec) => { spec['process'].ioPriority = {class: 'IOPRIO_CLASS_IDLE', priority: 0}; }, /ioPriority/],
  ['personality', (spec) => { spec['linux'].personality = {domain: 'LINUX32'}; }, /personality/],
  ['user namespace', (spec) => { spec['linux'].namespaces.push({type: 'user'}); spec['linux'].uidMappings = [{containerID: 0, hostID: 0, size: 1}]; spec['linux'].gidMappings = [{containerID: 0, hostID: 0, size: 1}]; }, /user/],
  ['idmapped mounts', (spec) => { spec['mounts'].push({destination: '/m', type: 'bind', source: '/tmp', options: ['bind', 'idmap'], uidMappings: [{containerID: 0, hostID: 0, size: 1}], gidMappings: [{containerID: 0, hostID: 0, size: 1}]}); }, /\/mounts\/6/],
  ['intelRdt', (spec) => { spec['linux'].intelRdt = {closID: 'x', l3CacheSchema: 'L3:0=f'}; }, /intelRdt/],
  ['netDevices', (spec) => { spec['linux'].netDevices = {eth9: {name: 'eth0'}}; }, /netDevices/],
  ['memoryPolicy', (spec) => { spec['linux'].memoryPolicy = {mode: 'MPOL_BIND', nodes: '0'}; }, /memoryPolicy/],
  ['seccomp listener', (spec) => { spec['linux'].seccomp = {defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/run/x.sock', syscalls: [{names: ['chmod'], action: 'SCMP_ACT_NOTIFY'}]}; }, /listenerPath|SCMP_ACT_NOTIFY/],
];

for (const [what, change, says] of UNSUPPORTED) {
  test(`not yet supported: ${what} works or is refused by name, never passed over`, async ({box, skip}) => {
    skip(isRunc, 'runc supports or ignores it');
    const it = box.container('echo ran', wrong(change));
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(says);
    expect(outcome.stdout).toBe('');
    expect(box.leftovers()).toEqual([]);
  });
}
