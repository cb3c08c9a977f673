#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

int sys_open_tree(int directory, const char *path, unsigned flags) {
	return (int)syscall(SYS_open_tree, directory, path, flags | OPEN_TREE_CLOEXEC);
}

int sys_move_mount(int from, int to) {
	return (int)syscall(SYS_move_mount, from, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int sys_mount_setattr(int fd, bool recursive, const struct mount_attributes *attributes) {
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
	return (int)syscall(SYS_mount_setattr, fd, "", flags, attributes, sizeof *attributes);
}

int sys_fsopen(const char *type) { return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC); }

int sys_fsconfig(int fd, unsigned command, const char *key, const char *value) {
	return (int)syscall(SYS_fsconfig, fd, command, key, value, 0);
}

int sys_fsmount(int fd, unsigned attributes) { return (int)syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, attributes); }

void read_context_log(int fd, char *text, size_t size) {
	int saved = errno;
	char line[512];
	text[0] = 0;
	ssize_t length;
	// Several lines may wait; the errors ("e ...") are what explains a failure, and the last one is the nearest.
	while ((length = read(fd, line, sizeof line - 1)) > 2) {
		line[length] = 0;
		if (line[0] != 'e' && text[0] != 0)
			continue;
		size_t keep = (size_t)length - 2 < size - 1 ? (size_t)length - 2 : size - 1;
		memcpy(text, line + 2, keep);
		while (keep > 0 && text[keep - 1] == '\n')
			keep--;
		text[keep] = 0;
	}
	errno = saved;
}
