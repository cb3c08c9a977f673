// The root filesystem of every test container: busybox and nothing else.
import {chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

const APPLETS =
  `[ awk basename cat chmod chown cp cut date dd df dmesg echo env expr false find free grep head hostname id
ip ipcalc kill ln ls md5sum mkdir mkfifo mknod mount mv nc nproc nsenter od ping printf ps pwd readlink realpath rm rmdir
sed seq sh sleep sort stat stty sync sysctl tail tee test touch tr true tty umount uname uniq usleep wc which whoami xargs
yes`.split(/\s+/);

/** Makes a root filesystem in the new directory `dir`; `busybox` is hard-linked, so it must be on the same filesystem. */
export function makeRootfs(dir: string, busybox: string): void {
  for (const name of ['', 'bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'var', 'mnt']) {
    mkdirSync(join(dir, name), {mode: 0o755});
  }
  chmodSync(join(dir, 'tmp'), 0o1777);
  linkSync(busybox, join(dir, 'bin/busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(dir, 'bin', applet));
  const users = ['root:x:0:0:root:/root:/bin/sh', 'user:x:1000:1000:a user:/home/user:/bin/sh'];
  writeFileSync(join(dir, 'etc/passwd'), `${users.join('\n')}\n`);
  writeFileSync(join(dir, 'etc/group'), 'root:x:0:\ntty:x:5:\nuser:x:1000:\n');
}
