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
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init.h"

// All of mountinfo, or NULL with errno.
static char *read_mountinfo(struct init *init) {
	size_t size = 64 << 20; // of which only what is read takes memory: 100,000 mounts have some 20 MB
	char *table = arena_take(&init->arena, size);
	ssize_t length = table == NULL ? -1 : read_file(AT_FDCWD, "/proc/self/mountinfo", table, size);
	if (length == (ssize_t)size - 1) {
		errno = E2BIG;
		return NULL;
	}
	return length < 0 ? NULL : table;
}

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
	char *table = read_mountinfo(init);
	if (table == NULL)
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

// In a user namespace, directories above it may be closed to us.
static bool can_reach(const char *path) {
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EACCES;
}

int do_root_propagation(struct init *init, const struct op_root_propagation *op) {
	if (mount(NULL, "/", NULL, op->flags, NULL) < 0)
		return fails(init, "mount", "/");
	if ((op->flags & MS_REC) && !(op->flags & MS_SHARED))
		return 0; // nothing is shared any more
	// Where `path` cannot be reached, the rootfs is going to be mounted on "/".
	const char *path = can_reach(op->path) ? op->path : "/";
	int shared = is_on_shared_mount(init, path);
	return shared == 1 ? make_parent_private(init, path) : shared;
}

static int cut_off(struct init *init, int tree, const char *path) {
	struct mount_attributes private = {.propagation = MS_PRIVATE};
	return sys_mount_setattr(tree, true, &private) < 0 ? fails(init, "mount_setattr MS_PRIVATE", path) : 0;
}

int do_rootfs(struct init *init, const struct op_rootfs *op) {
	// pivot_root(2) wants a mount point; a recursive bind keeps what is mounted below the rootfs already.
	int tree = take_tree(init, op->slot);
	init->covers_root = tree >= 0 && !op->on_host && !can_reach(op->path);
	if (tree < 0)
		tree = sys_open_tree(AT_FDCWD, op->path, OPEN_TREE_CLONE | AT_RECURSIVE);
	if (tree < 0)
		return fails(init, "open_tree", op->path);
	if (op->on_host && cut_off(init, tree, op->path) < 0)
		return -1;
	int target = open(init->covers_root ? "/" : op->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return fails(init, "open", op->path);
	if (sys_move_mount(tree, target) < 0)
		return fails(init, "move_mount", op->path);
	// Below a shared mount it has become shared again.
	if (op->on_host && cut_off(init, tree, op->path) < 0)
		return -1;
	close(target);
	// `tree` now stands for the attached mount's root.
	init->root = tree;
	private_procfs(init);
	return 0;
}

static bool is_null_device(int fd) {
	struct stat status;
	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

// Standard streams that are the host's /dev/null become the container's: a file of a mount that it does not have would keep it
// from being checkpointed. Where it has no such device, or one that may not be opened, they stay as they are.
static void own_null_device(struct init *init) {
	int device = open_in_root(init, "/dev/null", O_PATH | O_NOFOLLOW, 0);
	for (int stream = 0; device >= 0 && is_null_device(device) && stream < 3; stream++) {
		int mode = fcntl(stream, F_GETFL);
		if (mode < 0 || !is_null_device(stream))
			continue;
		int again = openat(private_procfs(init), fd_link(device), (mode & O_ACCMODE) | O_NOCTTY | O_CLOEXEC);
		if (again >= 0)
			dup2(again, stream);
		if (again >= 0)
			close(again);
	}
	if (device >= 0)
		close(device);
}

static int enter_new_root(struct init *init) {
	if (chdir("/") < 0)
		return fails(init, "chdir", "/");
	close(init->root);
	init->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (init->root < 0)
		return fails(init, "open", "/");
	init->pivoted = true;
	own_null_device(init);
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

// mountinfo writes blanks and the like as \ooo, proc(5).
static void unescape(char *text) {
	char *to = text;
	for (char *from = text; *from != 0; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] != 0 && from[3] != 0) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = 0;
}

// The mount point of a line of mountinfo if it is a proc or sysfs outside of `root`, else NULL.
static char *host_view(char *line, const char *root) {
	char *type = strstr(line, " - "), *point = line;
	for (int field = 0; field < 4 && point != NULL; field++)
		point = strchr(point + 1, ' ');
	if (type == NULL || point == NULL || (strncmp(type, " - proc ", 8) != 0 && strncmp(type, " - sysfs ", 9) != 0))
		return NULL;
	point++;
	*strchrnul(point, ' ') = 0;
	unescape(point);
	size_t length = strlen(root);
	bool inside = strncmp(point, root, length) == 0 && (point[length] == '/' || point[length] == 0);
	return inside ? NULL : point;
}

// Without pivot_root the host's mounts stay reachable for a process that breaks out of the chroot: full views of proc
// and sysfs must not be among them, so they go, and where they cannot they are covered.
static int cover_host_mounts(struct init *init) {
	char own[PATH_MAX], link[64];
	snprintf(link, sizeof link, "/proc/%s", fd_link(init->root));
	ssize_t length = readlink(link, own, sizeof own - 1);
	if (length < 0)
		return fails(init, "readlink", link);
	own[length] = 0;
	char *table = read_mountinfo(init);
	char **lines = table == NULL ? NULL : arena_take(&init->arena, (strlen(table) / 16 + 1) * sizeof *lines);
	if (lines == NULL)
		return fails(init, "open", "/proc/self/mountinfo");
	size_t count = 0; // a line is longer than 16 characters
	for (char *line = strtok(table, "\n"); line != NULL; line = strtok(NULL, "\n"))
		lines[count++] = line;
	while (count-- > 0) { // the deepest first
		char *point = host_view(lines[count], own);
		if (point == NULL || umount2(point, MNT_DETACH) == 0 || errno == ENOENT)
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
	if (!init->covers_root && mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return fails(init, "mount MS_MOVE", "/");
	if (chroot(".") < 0)
		return fails(init, "chroot", "/");
	return enter_new_root(init);
}

int do_change_root(struct init *init, const struct op_change_root *op) {
	if (fchdir(op->root < 0 ? init->root : op->root) < 0)
		return fails(init, "fchdir", "/");
	if (chroot(".") < 0)
		return fails(init, "chroot", "/");
	return enter_new_root(init);
}

int do_propagation(struct init *init, const struct op_propagation *op) {
	return mount(NULL, "/", NULL, op->flags, NULL) < 0 ? fails(init, "mount", "/") : 0;
}

int do_make_directory(struct init *init, const struct op_make_directory *op) {
	int fd = make_in_root(init, op->path, false);
	if (fd < 0 && errno == ELOOP) // a magic link of /proc: where it leads is for the `chdir` step to judge
		return 0;
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
