// Bad input: the process property.
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Case, program, put} from './case.ts';

export const processCases: readonly Case[] = [
  // ---- wrong types and values in config.json
  {
    what: 'a string for process.user.uid',
    edit: put('/process/user/uid', '0'),
    says: /\/process\/user\/uid.*(number|integer)/,
    runc: /uid/,
  },
  {
    what: 'a number for process.args',
    edit: put('/process/args', 5),
    says: /\/process\/args.*array/,
    runc: /args/,
  },
  {
    what: 'a number inside process.args',
    edit: put('/process/args', ['sh', 5]),
    says: /\/process\/args\/1.*string/,
    runc: /args/,
  },
  {
    what: 'an object for mounts',
    edit: put('/mounts', {}),
    says: /\/mounts.*array/,
    runc: /mounts/,
  },
  {
    what: 'a string for a memory limit',
    edit: put('/linux/resources/memory', {limit: '64m'}),
    says: /\/linux\/resources\/memory\/limit.*(number|integer)/,
    runc: /limit/,
  },
  {
    what: 'a fraction for a memory limit',
    edit: put('/linux/resources/memory', {limit: 1.5}),
    says: /\/linux\/resources\/memory\/limit.*integer/,
    runc: /limit/,
  },
  {
    what: 'a memory limit beyond 64 bits',
    edit: put('/linux/resources/memory', {limit: 2n ** 70n}),
    says: /\/linux\/resources\/memory\/limit/,
    runc: /limit/,
  },
  {
    what: 'a uid out of range',
    edit: put('/process/user/uid', 4_294_967_296),
    says: /\/process\/user\/uid/,
    runc: /uid/,
  },
  {
    what: 'a negative uid',
    edit: put('/process/user/uid', -1),
    says: /\/process\/user\/uid/,
    runc: /uid/,
  },
  {
    what: 'no process',
    edit: put('/process', undefined),
    says: /process/i,
  },
  {
    what: 'no ociVersion',
    edit: put('/ociVersion', undefined),
    says: /ociVersion/,
    runc: 'runc does not look at it',
  },
  {what: 'empty args', edit: program([]), says: /args/},
  {what: 'an empty name of the program', edit: program(['']), says: /args|exec|executable/i},
  {
    what: 'a relative cwd',
    edit: (spec) => {
      spec.process.cwd = 'tmp';
    },
    says: /cwd.*absolute|absolute.*cwd|Cwd.*absolute/i,
  },
  {
    what: 'no cwd',
    edit: put('/process/cwd', undefined),
    says: /cwd/i,
  },
  {
    what: 'a NUL byte in an argument',
    edit: program(['/bin/echo', 'a\0b']),
    says: /\/process\/args\/1.*NUL|NUL|invalid argument/i,
    runc: 'runc 1.1 cuts it there',
  },
  {
    what: 'a NUL byte in the environment',
    edit: (spec) => {
      spec.process.env.push('A=\0');
    },
    says: /\/process\/env|NUL|invalid argument/i,
    runc: 'runc 1.1 passes it on to execve, which cuts it',
  },
  {
    what: 'a NUL byte in a destination',
    edit: (spec) => {
      spec.mounts.push({destination: '/a\0b', type: 'tmpfs', source: 'tmpfs'});
    },
    says: /\/mounts\/6.*NUL|NUL|invalid argument/i,
  },
  {
    what: 'an environment entry without =',
    edit: (spec) => {
      spec.process.env.push('NOVALUE');
    },
    says: /env.*NOVALUE|NOVALUE/,
    runc: 'runc 1.1 passes over it',
  },

  // ---- the program
  {
    what: 'a program that is missing',
    edit: program(['/bin/nope']),
    says: /exec: .*\/bin\/nope.*no such file or directory/i,
  },
  {
    what: 'a program that is nowhere in PATH',
    edit: program(['nope']),
    says: /exec: .*nope.*executable file not found in \$PATH/,
  },
  {
    what: 'a program that is not executable',
    edit: program(['/etc/passwd']),
    says: /exec: .*\/etc\/passwd.*permission denied/i,
  },
  {
    what: 'a program that is a directory',
    edit: program(['/bin']),
    says: /exec: .*\/bin.*is a directory: permission denied/i,
  },
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
  {
    what: 'an id that means "leave it" to the kernel',
    edit: put('/process/user/uid', 4294967295),
    says: /config\.json#\/process\/user\/uid: must be at most 4294967294/,
    runc: /uids and gids must be in range/,
  },
  {
    what: 'an unknown rlimit',
    edit: (spec) => {
      spec.process.rlimits = [{type: 'RLIMIT_NOPE', soft: 1, hard: 1}];
    },
    says: /RLIMIT_NOPE/,
  },
  {
    what: 'a soft limit above the hard one',
    edit: (spec) => {
      spec.process.rlimits = [{type: 'RLIMIT_NOFILE', soft: 200, hard: 100}];
    },
    says: /\/process\/rlimits\/0.*soft/,
    runc: /rlimit.*invalid argument/,
  },
  {
    what: 'the same rlimit twice',
    edit: (spec) => {
      const one = {type: 'RLIMIT_NOFILE', soft: 100, hard: 100};
      spec.process.rlimits = [one, one];
    },
    says: /\/process\/rlimits\/1.*(twice|duplicate|already)/i,
    runc: 'runc takes the last',
  },
  {
    what: 'an oomScoreAdj out of range',
    edit: (spec) => {
      spec.process.oomScoreAdj = 2000;
    },
    says: /oom_?score_?adj/i,
  },
];
