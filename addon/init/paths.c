// maskedPaths and readonlyPaths, after the switch of roots. What is missing needs no protection.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init.h"

static bool is_missing(int error) { return error == ENOENT || error == ENOTDIR; }

int do_readonly_path(struct init *init, const struct op_readonly_path *op) {
	int target = open_in_root(init, op->path, O_PATH, 0);
	if (target < 0)
		return is_missing(errno) ? 0 : fails(init, "open", op->path);
	int tree = sys_open_tree(target, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
	struct mount_attributes readonly = {.set = MOUNT_ATTR_RDONLY};
	int outcome = tree < 0 ? fails(init, "open_tree", op->path) : 0;
	if (outcome == 0 && sys_mount_setattr(tree, true, &readonly) < 0)
		outcome = fails(init, "mount_setattr", op->path);
	if (outcome == 0 && sys_move_mount(tree, target) < 0)
		outcome = fails(init, "move_mount", op->path);
	if (tree >= 0)
		close(tree);
	close(target);
	return outcome;
}

// A clone of the container's /dev/null, once it is sure to be that: an image could have put anything there, and would
// get it bound over the masked file (CVE-2025-31133).
static int clone_null(struct init *init, const char *path) {
	int null = open_in_root(init, "/dev/null", O_PATH | O_NOFOLLOW, 0);
	struct stat status;
	if (null < 0 || fstat(null, &status) < 0)
		return fails(init, "open", "/dev/null");
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) {
		errno = EPERM;
		return fails_with(init, "open", path,
				  "the container's /dev/null, which would mask it, is not the null device");
	}
	int tree = sys_open_tree(null, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (tree < 0)
		fails(init, "open_tree", "/dev/null");
	close(null);
	return tree;
}

static int empty_directory(struct init *init, const char *label) {
	int context = sys_fsopen("tmpfs");
	if (context < 0)
		return fails(init, "fsopen", "tmpfs");
	int tree = -1;
	if ((label[0] == 0 || sys_fsconfig(context, FSCONFIG_SET_STRING, "context", label) == 0) &&
	    sys_fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", "1") == 0 &&
	    sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL) == 0)
		tree = sys_fsmount(context, MOUNT_ATTR_RDONLY);
	if (tree < 0)
		fails(init, "fsmount", "tmpfs");
	close(context);
	return tree;
}

int do_mask_path(struct init *init, const struct op_mask_path *op) {
	int target = open_in_root(init, op->path, O_PATH, 0);
	if (target < 0)
		return is_missing(errno) ? 0 : fails(init, "open", op->path);
	struct stat status;
	int outcome = fstat(target, &status) < 0 ? fails(init, "stat", op->path) : 0;
	int tree = -1;
	if (outcome == 0)
		tree = S_ISDIR(status.st_mode) ? empty_directory(init, op->label) : clone_null(init, op->path);
	if (tree < 0)
		outcome = -1;
	else if (sys_move_mount(tree, target) < 0)
		outcome = fails(init, "move_mount", op->path);
	if (tree >= 0)
		close(tree);
	close(target);
	return outcome;
}
