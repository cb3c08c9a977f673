// The terminal: a pty of the container's own devpts, made its stdio and bound on /dev/console.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#define PTMX_INODE 2

// The multiplexer of a real devpts, not something an image or a volume put in its place (CVE-2025-52565).
static int open_multiplexer(struct init *init) {
	static const char path[] = "/dev/pts/ptmx";
	struct statfs fs;
	struct stat status;
	int master = open_in_root(init, path, O_RDWR | O_NOCTTY | O_NOFOLLOW, 0);
	if (master < 0)
		return fails(init, "open", path);
	if (fstatfs(master, &fs) < 0 || fstat(master, &status) < 0)
		return fails(init, "stat", path);
	if ((unsigned long)fs.f_type != DEVPTS_SUPER_MAGIC || status.st_ino != PTMX_INODE ||
	    status.st_rdev != makedev(5, 2)) {
		errno = EPERM;
		return fails_with(init, "open", path, "it is not the multiplexer of a devpts");
	}
	return master;
}

static int bind_console(struct init *init, int slave) {
	char name[256];
	int parent = parent_in_root(init, "/dev/console", name);
	if (parent < 0)
		return fails(init, "mkdir", "/dev");
	int made = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
	if (made >= 0)
		close(made);
	else if (errno != EEXIST)
		return fails(init, "create", "/dev/console");
	int target = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int tree = sys_open_tree(slave, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	int outcome = 0;
	if (target < 0)
		outcome = fails(init, "open", "/dev/console");
	else if (tree < 0)
		outcome = fails(init, "open_tree", "pty");
	else if (sys_move_mount(tree, target) < 0)
		outcome = fails(init, "move_mount", "/dev/console");
	if (target >= 0)
		close(target);
	if (tree >= 0)
		close(tree);
	close(parent);
	return outcome;
}

int do_console(struct init *init, const struct op_console *op) {
	int master = open_multiplexer(init);
	if (master < 0)
		return -1;
	int unlock = 0, number = 0;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
		return fails(init, "ioctl TIOCSPTLCK", "pty");
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return fails(init, "ioctl TIOCGPTPEER", "pty");
	if (op->uid != 0 && fchown(slave, op->uid, (gid_t)-1) < 0)
		return fails(init, "chown", "pty");
	if (op->height != 0 || op->width != 0) {
		struct winsize size = {.ws_row = (unsigned short)op->height, .ws_col = (unsigned short)op->width};
		if (ioctl(master, TIOCSWINSZ, &size) < 0)
			return fails(init, "ioctl TIOCSWINSZ", "pty");
	}
	if (op->bind_console && bind_console(init, slave) < 0)
		return -1;
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(slave, fd) < 0)
			return fails(init, "dup2", "pty");
	}
	if (ioctl(0, TIOCSCTTY, 0) < 0)
		return fails(init, "ioctl TIOCSCTTY", "pty");
	char name[32];
	snprintf(name, sizeof name, "/dev/pts/%d", number);
	struct message message = {.type = MESSAGE_CONSOLE, .step = init->step, .object = name};
	if (message_send(init->sync, &message, master) < 0)
		return fails(init, "sendmsg", "console");
	close(slave);
	close(master);
	return 0;
}
