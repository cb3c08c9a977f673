// The root: binding it, switching to it, and its propagation.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

// Whether the mount that holds `path` is shared, by the optional fields of its line in mountinfo, proc(5). 1, 0, or -1.
static int is_on_shared_mount(struct init *init, const char *path) {
	char name[32], info[256], id[24] = "";
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return fails(init, "open", path);
	snprintf(name, sizeof name, "/proc/self/fdinfo/%d", fd);
	ssize_t got = read_file(AT_FDCWD, name, info, sizeof info);
	close(fd);
	char *field = got < 0 ? NULL : strstr(info, "mnt_id:");
	if (field == NULL)
		return fails(init, "read", "/proc/self/fdinfo");
	int length = snprintf(id, sizeof id, "%d ", atoi(field + strlen("mnt_id:")));
	size_t size = 16 << 20; // of which only what is read takes memory
	char *table = arena_take(&init->arena, size);
	if (table == NULL)
		return fails(init, "mmap", path);
	if (read_file(AT_FDCWD, "/proc/self/mountinfo", table, size) < 0)
		return fails(init, "open", "/proc/self/mountinfo");
	for (char *line = strtok(table, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char *end = strstr(line, " - "), *shared = strstr(line, " shared:");
		if (strncmp(line, id, (size_t)length) == 0)
			return shared != NULL && shared < end;
	}
	return 0;
}

// Walks up from `path` to the mount point that holds it (its parent has another mount id) and makes it private: a
// shared parent would refuse pivot_root(2) and let our bind of the rootfs out to the host.
static int make_parent_private(struct init *init, const char *path) {
	char at[PATH_MAX];
	if (realpath(path, at) == NULL)
		return fails(init, "open", path);
	for (;;) {
		if (mount(NULL, at, NULL, MS_PRIVATE, NULL) == 0)
			return 0;
		// EINVAL: not a mount point, so what holds it is further up.
		if (errno != EINVAL || strcmp(at, "/") == 0)
			return fails(init, "mount MS_PRIVATE", path);
		char *slash = strrchr(at, '/');
		slash[slash == at ? 1 : 0] = 0;
	}
}

int do_root_propagation(struct init *init, const struct op_root_propagation *op) {
	if (mount(NULL, "/", NULL, op->flags, NULL) < 0)
		return fails(init, "mount", "/");
	if ((op->flags & MS_REC) && !(op->flags & MS_SHARED))
		return 0; // nothing is shared any more
	int shared = is_on_shared_mount(init, op->path);
	return shared == 1 ? make_parent_private(init, op->path) : shared;
}

int do_rootfs(struct init *init, const struct op_rootfs *op) {
	// pivot_root(2) wants a mount point; a recursive bind keeps what is mounted below the rootfs already.
	int tree = sys_open_tree(AT_FDCWD, op->path, OPEN_TREE_CLONE | AT_RECURSIVE);
	if (tree < 0)
		return fails(init, "open_tree", op->path);
	int target = open(op->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return fails(init, "open", op->path);
	if (sys_move_mount(tree, target) < 0)
		return fails(init, "move_mount", op->path);
	close(target);
	// `tree` now stands for the attached mount's root.
	init->root = tree;
	private_procfs(init);
	return 0;
}

static int enter_new_root(struct init *init) {
	if (chdir("/") < 0)
		return fails(init, "chdir", "/");
	close(init->root);
	init->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (init->root < 0)
		return fails(init, "open", "/");
	init->pivoted = true;
	return 0;
}

int do_pivot_root(struct init *init, const struct op_pivot_root *op) {
	(void)op;
	// With both names ".", the old root ends up mounted over the new one, and is detached from there: no directory for
	// it is needed in the rootfs (pivot_root(2), NOTES).
	int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0)
		return fails(init, "open", "/");
	if (fchdir(init->root) < 0)
		return fails(init, "fchdir", "/");
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return fails(init, "pivot_root", "/");
	if (fchdir(old) < 0)
		return fails(init, "fchdir", "old root");
	close(old);
	// Nothing that happens to the old root from here on may reach the host.
	if (mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return fails(init, "mount MS_SLAVE", "old root");
	if (umount2(".", MNT_DETACH) < 0)
		return fails(init, "umount2 MNT_DETACH", "old root");
	return enter_new_root(init);
}

// Without pivot_root the host's mounts stay reachable for a process that breaks out of the chroot: full views of proc
// and sysfs must not be among them, so they go, and where they cannot they are covered.
static int cover_host_mounts(struct init *init) {
	static char table[256 * 1024];
	ssize_t length = read_file(AT_FDCWD, "/proc/self/mountinfo", table, sizeof table);
	if (length < 0)
		return fails(init, "open", "/proc/self/mountinfo");
	char own[PATH_MAX], link[64];
	snprintf(link, sizeof link, "/proc/%s", fd_link(init->root));
	ssize_t own_length = readlink(link, own, sizeof own - 1);
	if (own_length < 0)
		return fails(init, "readlink", link);
	own[own_length] = 0;
	char *lines[4096];
	size_t count = 0;
	for (char *line = strtok(table, "\n"); line != NULL && count < 4096; line = strtok(NULL, "\n"))
		lines[count++] = line;
	while (count-- > 0) { // the deepest first
		char *type = strstr(lines[count], " - ");
		char *point = lines[count];
		for (int field = 0; field < 4 && point != NULL; field++)
			point = strchr(point + 1, ' ');
		if (type == NULL || point == NULL ||
		    (strncmp(type + 3, "proc ", 5) != 0 && strncmp(type + 3, "sysfs ", 6) != 0))
			continue;
		point++;
		*strchrnul(point, ' ') = 0;
		if (strncmp(point, own, (size_t)own_length) == 0)
			continue;
		if (umount2(point, MNT_DETACH) == 0 || errno == ENOENT)
			continue;
		if ((errno != EINVAL && errno != EPERM) || mount("tmpfs", point, "tmpfs", MS_RDONLY, "size=0k") < 0)
			return fails(init, "umount2", "host mount");
	}
	return 0;
}

int do_move_root(struct init *init, const struct op_move_root *op) {
	(void)op;
	if (cover_host_mounts(init) < 0)
		return -1;
	if (fchdir(init->root) < 0)
		return fails(init, "fchdir", "/");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return fails(init, "mount MS_MOVE", "/");
	if (chroot(".") < 0)
		return fails(init, "chroot", "/");
	return enter_new_root(init);
}

int do_propagation(struct init *init, const struct op_propagation *op) {
	return mount(NULL, "/", NULL, op->flags, NULL) < 0 ? fails(init, "mount", "/") : 0;
}

int do_make_directory(struct init *init, const struct op_make_directory *op) {
	int fd = make_in_root(init, op->path, false);
	if (fd < 0)
		return fails(init, "mkdir", op->path);
	close(fd);
	return 0;
}

int do_symlink(struct init *init, const struct op_symlink *op) {
	char name[256], present[PATH_MAX];
	int parent = parent_in_root(init, op->path, name);
	if (parent < 0)
		return fails(init, "mkdir", op->path);
	int outcome = symlinkat(op->target, parent, name);
	if (outcome < 0 && errno == EEXIST) {
		ssize_t length = readlinkat(parent, name, present, sizeof present - 1);
		bool same = length >= 0 && (size_t)length == strlen(op->target) &&
			    memcmp(present, op->target, (size_t)length) == 0;
		if (same || !op->replace)
			outcome = 0;
		else if (unlinkat(parent, name, 0) == 0)
			outcome = symlinkat(op->target, parent, name);
	}
	if (outcome < 0)
		fails(init, "symlink", op->path);
	close(parent);
	return outcome;
}
