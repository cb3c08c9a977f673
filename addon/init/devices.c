// Device nodes of the container's /dev.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init.h"

// No mknod for us: the host's own node of that path, if it is the same device.
static int bind_host_node(struct init *init, const struct op_device *op, int parent, const char *name) {
	struct stat status;
	int tree = sys_open_tree(AT_FDCWD, op->path, OPEN_TREE_CLONE);
	if (tree < 0)
		return fails(init, "mknod", op->path);
	if (fstat(tree, &status) < 0 || (status.st_mode & S_IFMT) != op->type ||
	    status.st_rdev != makedev(op->major, op->minor)) {
		errno = EPERM;
		close(tree);
		return fails_with(init, "mknod", op->path, "and the host has no such node that could be bound instead");
	}
	int target = openat(parent, name, O_CREAT | O_NOFOLLOW | O_WRONLY | O_CLOEXEC | O_NONBLOCK, 0);
	int outcome = target < 0 ? fails(init, "create", op->path) : 0;
	if (outcome == 0 && sys_move_mount(tree, target) < 0)
		outcome = fails(init, "move_mount", op->path);
	if (target >= 0)
		close(target);
	close(tree);
	return outcome;
}

static bool is_asked_for(const struct op_device *op, const struct stat *status) {
	bool fifo = op->type == S_IFIFO;
	return (status->st_mode & S_IFMT) == op->type && (fifo || status->st_rdev == makedev(op->major, op->minor));
}

// What is there is not ours to change: an image's node, or a bind mount of one of the host's.
static int check_present(struct init *init, const struct op_device *op, int parent, const char *name) {
	struct stat status;
	if (op->yield)
		return 0;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return fails(init, "stat", op->path);
	if (is_asked_for(op, &status))
		return 0;
	errno = EEXIST;
	return fails_with(init, "mknod", op->path, "something else is there already");
}

// The owner of a node that was made just now, through an fd that was seen to be it: nothing can be swapped in between.
static int set_owner(struct init *init, const struct op_device *op, int parent, const char *name) {
	int node = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (node < 0)
		return fails(init, "open", op->path);
	struct stat status;
	int outcome = fstat(node, &status) < 0 ? fails(init, "stat", op->path) : 0;
	if (outcome == 0 && !is_asked_for(op, &status)) {
		errno = EEXIST;
		outcome = fails_with(init, "mknod", op->path, "something else took its place");
	}
	if (outcome == 0 && fchownat(node, "", op->uid, op->gid, AT_EMPTY_PATH) < 0)
		outcome = fails(init, "chown", op->path);
	close(node);
	return outcome;
}

int do_device(struct init *init, const struct op_device *op) {
	char name[256];
	int parent = parent_in_root(init, op->path, name);
	if (parent < 0)
		return fails(init, "mkdir", op->path);
	int outcome = mknodat(parent, name, op->type | (op->mode & 07777), makedev(op->major, op->minor));
	if (outcome == 0)
		outcome = op->uid == 0 && op->gid == 0 ? 0 : set_owner(init, op, parent, name);
	else if (errno == EEXIST)
		outcome = check_present(init, op, parent, name);
	else if (errno == EPERM)
		outcome = bind_host_node(init, op, parent, name);
	else
		fails(init, "mknod", op->path);
	close(parent);
	return outcome;
}
