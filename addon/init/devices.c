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

// mode and owner exactly as asked, through an fd that was seen to be the node: nothing can be swapped in between.
static int set_owner(struct init *init, const struct op_device *op, int parent, const char *name) {
	int node = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (node < 0)
		return fails(init, "open", op->path);
	struct stat status;
	bool fifo = op->type == S_IFIFO;
	int outcome = fstat(node, &status) < 0 ? fails(init, "stat", op->path) : 0;
	if (outcome == 0 &&
	    ((status.st_mode & S_IFMT) != op->type || (!fifo && status.st_rdev != makedev(op->major, op->minor)))) {
		errno = EEXIST;
		outcome = fails_with(init, "mknod", op->path, "something else is there already");
	}
	if (outcome == 0 && fchownat(node, "", op->uid, op->gid, AT_EMPTY_PATH) < 0)
		outcome = fails(init, "chown", op->path);
	if (outcome == 0 && fchmodat(private_procfs(init), fd_link(node), op->mode & 07777, 0) < 0)
		outcome = fails(init, "chmod", op->path);
	close(node);
	return outcome;
}

int do_device(struct init *init, const struct op_device *op) {
	char name[256];
	int parent = parent_in_root(init, op->path, name);
	if (parent < 0)
		return fails(init, "mkdir", op->path);
	int outcome = mknodat(parent, name, op->type | (op->mode & 07777), makedev(op->major, op->minor));
	if (outcome == 0 || errno == EEXIST)
		outcome = set_owner(init, op, parent, name);
	else if (errno == EPERM)
		outcome = bind_host_node(init, op, parent, name);
	else
		fails(init, "mknod", op->path);
	close(parent);
	return outcome;
}
