// Sources of mounts, opened while they can be reached, and mapped while we have the rights to: before a user namespace is
// entered. An image or a volume may lie below directories that are closed to the container's root, which is an ordinary
// user of the host.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

// Room for slot number `slot`; NULL with errno.
static int *make_slot(struct init *init, uint32_t slot) {
	if (slot >= init->tree_count) {
		uint32_t count = slot + 16;
		int *trees = arena_take(&init->arena, count * sizeof *trees);
		if (trees == NULL)
			return NULL;
		for (uint32_t i = 0; i < count; i++)
			trees[i] = i < init->tree_count ? init->trees[i] : -1;
		init->trees = trees;
		init->tree_count = count;
	}
	return &init->trees[slot];
}

int take_tree(struct init *init, int32_t slot) {
	if (slot < 0 || (uint32_t)slot >= init->tree_count)
		return -1;
	int tree = init->trees[slot];
	init->trees[slot] = -1;
	return tree;
}

int do_open_tree(struct init *init, const struct op_open_tree *op) {
	int *slot = make_slot(init, op->slot);
	if (slot == NULL)
		return fails(init, "mmap", "slots");
	int tree = sys_open_tree(AT_FDCWD, op->path,
				 OPEN_TREE_CLONE | (op->recursive ? AT_RECURSIVE : 0) |
					 (op->nofollow ? AT_SYMLINK_NOFOLLOW : 0));
	if (tree < 0)
		return errno == EPERM ? 0 : fails(init, "open_tree", op->path);
	struct mount_attributes cut_off = {.propagation = op->propagation & ~(uint32_t)MS_REC};
	if (op->propagation != 0 && sys_mount_setattr(tree, op->propagation & MS_REC, &cut_off) < 0)
		return fails(init, "mount_setattr propagation", op->path);
	*slot = tree;
	return 0;
}

int do_open_filesystem(struct init *init, const struct op_open_filesystem *op) {
	int *slot = make_slot(init, op->slot);
	if (slot == NULL)
		return fails(init, "mmap", "slots");
	struct filesystem filesystem = {op->type, op->source, &op->options};
	*slot = create_filesystem(init, &filesystem, NULL);
	return *slot < 0 ? -1 : 0;
}

// A process in a new user namespace, which ends when the other end of `pipe` is closed. A pid, or -1.
static pid_t start_owner(int pipe[2]) {
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid != 0)
		return (pid_t)pid;
	char byte;
	close(pipe[1]);
	while (read(pipe[0], &byte, 1) < 0 && errno == EINTR)
		continue;
	_exit(0);
}

static int write_map(struct init *init, pid_t pid, const char *name, const char *text) {
	char path[48];
	snprintf(path, sizeof path, "%d/%s", pid, name);
	return write_file(private_procfs(init), path, text) < 0 ? fails(init, "write", name) : 0;
}

// A user namespace with these maps, that nobody lives in.
static int make_user_namespace(struct init *init, const struct op_idmap_tree *op) {
	int pipe[2], namespace = -1;
	if (pipe2(pipe, O_CLOEXEC) < 0)
		return fails(init, "pipe2", "");
	pid_t pid = start_owner(pipe);
	close(pipe[0]);
	if (pid < 0) {
		fails(init, "clone3", "");
	} else if (write_map(init, pid, "uid_map", op->uid_map) == 0 &&
		   write_map(init, pid, "gid_map", op->gid_map) == 0) {
		char path[48];
		snprintf(path, sizeof path, "%d/ns/user", pid);
		namespace = openat(private_procfs(init), path, O_RDONLY | O_CLOEXEC);
		if (namespace < 0)
			fails(init, "open", "ns/user");
	}
	close(pipe[1]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return namespace;
}

int do_idmap_tree(struct init *init, const struct op_idmap_tree *op) {
	int tree = op->slot < init->tree_count ? init->trees[op->slot] : -1;
	if (tree < 0) {
		errno = EPERM;
		return fails(init, "open_tree", "");
	}
	int namespace = op->user_namespace >= 0 ? op->user_namespace : make_user_namespace(init, op);
	if (namespace < 0)
		return -1;
	struct mount_attributes mapped = {.set = MOUNT_ATTR_IDMAP, .userns = (uint64_t) namespace};
	int outcome = sys_mount_setattr(tree, op->recursive, &mapped);
	if (outcome < 0)
		fails(init, "mount_setattr MOUNT_ATTR_IDMAP", "");
	if (namespace != op->user_namespace)
		close(namespace);
	return outcome;
}
