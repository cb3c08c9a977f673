// Mounts, through the new mount API (Linux 5.2; mount_setattr 5.12): a filesystem or a clone is made, given its flags, and
// only then attached, to a target that is held as an fd. What the kernel has to say of a bad option is passed on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "init.h"

// Linux 5.10; not in every libc's <sys/statvfs.h> and <sys/mount.h>.
#define STATFS_NOSYMFOLLOW 0x2000
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

#define SUPERBLOCK_FLAGS (MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_LAZYTIME | MS_I_VERSION | MS_SILENT)

struct flags {
	uint64_t set, clear, recursive_set, recursive_clear;
	struct u32_list propagation;
};

static const char *proc_fd(int fd) {
	static char text[48];
	snprintf(text, sizeof text, "/proc/%s", fd_link(fd));
	return text;
}

static int set_attributes(struct init *init, int mount_fd, const struct flags *flags, const char *target) {
	struct mount_attributes plain = {.set = flags->set, .clear = flags->clear};
	struct mount_attributes recursive = {.set = flags->recursive_set, .clear = flags->recursive_clear};
	if ((plain.set | plain.clear) != 0 && sys_mount_setattr(mount_fd, false, &plain) < 0)
		return fails(init, "mount_setattr", target);
	if ((recursive.set | recursive.clear) != 0 && sys_mount_setattr(mount_fd, true, &recursive) < 0)
		return fails(init, "mount_setattr AT_RECURSIVE", target);
	return 0;
}

static int set_propagation(struct init *init, int mount_fd, const struct flags *flags, const char *target) {
	for (uint32_t i = 0; i < flags->propagation.count; i++) {
		uint32_t kind = flags->propagation.items[i];
		struct mount_attributes attributes = {.propagation = kind & ~(uint32_t)MS_REC};
		if (sys_mount_setattr(mount_fd, kind & MS_REC, &attributes) < 0)
			return fails(init, "mount_setattr propagation", target);
	}
	return 0;
}

// Gives a detached mount its flags, attaches it and sets its propagation.
static int attach(struct init *init, int mount_fd, int target_fd, const char *target, const struct flags *flags) {
	if (set_attributes(init, mount_fd, flags, target) < 0)
		return -1;
	if (sys_move_mount(mount_fd, target_fd) < 0)
		return fails(init, "move_mount", target);
	return set_propagation(init, mount_fd, flags, target);
}

static bool is_kernel_view(const char *type) { return strcmp(type, "proc") == 0 || strcmp(type, "sysfs") == 0; }

// Files of a container's /proc that engines cover with a view of their own (lxcfs); anything else there would let an
// image or a volume stand in for what LSMs and runtimes write to (CVE-2019-16884).
static bool may_cover_proc(const char *target) {
	static const char *const allowed[] = {"cpuinfo",
					      "diskstats",
					      "meminfo",
					      "stat",
					      "swaps",
					      "uptime",
					      "loadavg",
					      "slabinfo",
					      "sys/kernel/ns_last_pid",
					      "sys/crypto/fips_enabled"};
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		size_t length = strlen(allowed[i]), all = strlen(target);
		if (all > length && target[all - length - 1] == '/' && strcmp(target + all - length, allowed[i]) == 0)
			return true;
	}
	return false;
}

static int check_target(struct init *init, int target_fd, const char *target) {
	struct statfs fs;
	if (fstatfs(target_fd, &fs) == 0 && (unsigned long)fs.f_type == PROC_SUPER_MAGIC && !may_cover_proc(target)) {
		errno = EPERM;
		return fails_with(init, "mount", target, "inside /proc only a few files may be mounted over");
	}
	return 0;
}

// The target of a proc or sysfs mount must be an ordinary directory: over a symlink the container would see another
// /proc than the one that is protected (CVE-2019-19921, CVE-2023-27561).
static int open_plain_directory(struct init *init, const char *target) {
	int fd = open_in_root(init, target, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (fd < 0 && errno == ENOENT && (fd = make_in_root(init, target, false)) >= 0) {
		close(fd); // opened once more, lest somebody put a link in between
		fd = open_in_root(init, target, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	}
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return fails_with(init, "open", target, "must be mounted on ordinary directory");
	return fd < 0 ? fails(init, "mkdir", target) : fd;
}

static int open_target(struct init *init, const char *target, bool file) {
	int fd = make_in_root(init, target, file);
	return fd < 0 ? fails(init, file ? "create" : "mkdir", target) : fd;
}

static bool is_tmpfs_without_mode(const struct op_mount_filesystem *op) {
	return strcmp(op->type, "tmpfs") == 0 && !has_option(&op->options, "mode=");
}

static bool exists_in_root(const struct init *init, const char *path) {
	int fd = open_in_root(init, path, O_PATH, 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

// A tmpfs without mode= looks as the directory that it covers did.
static const char *mode_of(int target_fd) {
	static char option[16];
	struct stat status;
	if (fstat(target_fd, &status) < 0)
		return NULL;
	snprintf(option, sizeof option, "mode=%o", status.st_mode & 07777);
	return option;
}

// Values too long for fsconfig(2), such as the lowerdir of a deep image: mount(2) takes a page of them.
static int mount_with_data(struct init *init, const struct op_mount_filesystem *op, int target_fd) {
	char data[4096] = "";
	size_t length = 0;
	for (uint32_t i = 0; i < op->options.count; i++) {
		int size =
			snprintf(data + length, sizeof data - length, "%s%s", i == 0 ? "" : ",", op->options.items[i]);
		if ((size_t)size >= sizeof data - length) {
			errno = E2BIG;
			return fails_with(init, "mount", op->target, "its options are longer than a page");
		}
		length += (size_t)size;
	}
	int before = op->directory[0] == 0 ? -1 : open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (op->directory[0] != 0 && (before < 0 || chdir(op->directory) < 0))
		return fails(init, "chdir", op->directory);
	int outcome = mount(op->source, proc_fd(target_fd), op->type, (unsigned long)op->legacy_flags, data);
	if (outcome < 0)
		fails(init, "mount", op->type);
	if (before >= 0 && fchdir(before) < 0 && outcome == 0)
		outcome = fails(init, "fchdir", ".");
	if (before >= 0)
		close(before);
	return outcome < 0 ? -1 : open_in_root(init, op->target, O_PATH, 0);
}

// mqueue has no option for the label of its root.
static int set_label(struct init *init, int mount_fd, const char *label) {
	if (setxattr(proc_fd(mount_fd), "security.selinux", label, strlen(label) + 1, 0) < 0)
		return fails(init, "setxattr security.selinux", label);
	return 0;
}

static int mount_created(struct init *init, const struct op_mount_filesystem *op, const struct filesystem *filesystem,
			 int target, bool inherits, const struct flags *flags) {
	int created = create_filesystem(init, filesystem, inherits ? mode_of(target) : NULL);
	if (created < 0)
		return -1;
	int outcome = op->copy_up ? copy_up(init, op->target, created) : 0;
	if (outcome == 0 && op->label[0] != 0)
		outcome = set_label(init, created, op->label);
	if (outcome == 0)
		outcome = attach(init, created, target, op->target, flags);
	close(created);
	return outcome;
}

static int mount_long(struct init *init, const struct op_mount_filesystem *op, int target, const struct flags *flags) {
	int mounted = mount_with_data(init, op, target);
	if (mounted < 0)
		return -1;
	int outcome = set_attributes(init, mounted, flags, op->target);
	if (outcome == 0)
		outcome = set_propagation(init, mounted, flags, op->target);
	close(mounted);
	return outcome;
}

int do_mount_filesystem(struct init *init, const struct op_mount_filesystem *op) {
	struct flags flags = {op->attr_set, op->attr_clear, op->recursive_set, op->recursive_clear, op->propagation};
	struct filesystem filesystem = {op->type, op->source, &op->options};
	bool inherits = is_tmpfs_without_mode(op) && exists_in_root(init, op->target);
	int target = is_kernel_view(op->type) ? open_plain_directory(init, op->target)
					      : open_target(init, op->target, false);
	if (target < 0)
		return -1;
	int outcome = strcmp(op->type, "proc") == 0 ? 0 : check_target(init, target, op->target);
	if (outcome == 0)
		outcome = needs_data_page(&filesystem) ? mount_long(init, op, target, &flags)
						       : mount_created(init, op, &filesystem, target, inherits, &flags);
	close(target);
	init->refused = 0;
	if (outcome < 0 && op->yield && (init->failure.error == EPERM || init->failure.error == EBUSY)) {
		init->refused = init->failure.error;
		return 0;
	}
	return outcome;
}

static int open_source(struct init *init, const struct op_mount_bind *op) {
	int tree = take_tree(init, op->slot);
	if (tree >= 0)
		return tree;
	bool nofollow = op->nofollow_source || op->copy_link;
	tree = sys_open_tree(AT_FDCWD, op->source,
			     OPEN_TREE_CLONE | (op->recursive ? AT_RECURSIVE : 0) |
				     (nofollow ? AT_SYMLINK_NOFOLLOW : 0));
	if (tree < 0 && op->instead && errno == ENOENT) {
		errno = init->refused;
		return fails_with(init, "mount", op->target, "and the host has none that could be bound instead");
	}
	return tree < 0 ? fails(init, "open_tree", op->source) : tree;
}

// A target that may be a symlink, which then is what is mounted over.
static int open_link_target(struct init *init, const char *target, bool file) {
	int fd = open_in_root(init, target, O_PATH | O_NOFOLLOW, 0);
	return fd < 0 && errno == ENOENT ? open_target(init, target, file) : fd < 0 ? fails(init, "open", target) : fd;
}

static int copy_symlink(struct init *init, int tree, const char *path) {
	char link[PATH_MAX], present[PATH_MAX], name[256];
	ssize_t length = readlinkat(tree, "", link, sizeof link - 1);
	if (length < 0)
		return fails(init, "readlink", path);
	link[length] = 0;
	int parent = parent_in_root(init, path, name);
	if (parent < 0)
		return fails(init, "mkdir", path);
	int outcome = symlinkat(link, parent, name);
	if (outcome < 0 && errno == EEXIST) {
		bool same = readlinkat(parent, name, present, sizeof present) == length &&
			    memcmp(present, link, (size_t)length) == 0;
		errno = EEXIST;
		outcome = same ? 0 : -1;
	}
	if (outcome < 0)
		fails(init, "symlink", path);
	close(parent);
	return outcome;
}

// What stands for the kernel's own views by being bound there is held to the same as those.
static bool is_place_of_kernel_view(const char *target) {
	return strcmp(target, "/proc") == 0 || strcmp(target, "/sys") == 0;
}

static int open_bind_target(struct init *init, const struct op_mount_bind *op, bool file) {
	if (op->nofollow_target)
		return open_link_target(init, op->target, file);
	if (!file && is_place_of_kernel_view(op->target))
		return open_plain_directory(init, op->target);
	return open_target(init, op->target, file);
}

static int mount_tree(struct init *init, const struct op_mount_bind *op, int tree, bool file) {
	struct flags flags = {op->attr_set, op->attr_clear, op->recursive_set, op->recursive_clear, op->propagation};
	struct stat present;
	int target = open_bind_target(init, op, file);
	if (target < 0)
		return -1;
	int outcome = check_target(init, target, op->target);
	if (outcome == 0 && fstat(target, &present) == 0 && S_ISDIR(present.st_mode) == file) {
		errno = file ? EISDIR : ENOTDIR;
		outcome = fails_with(init, "mount", op->target,
				     file ? "the source is a file, the target a directory"
					  : "the source is a directory, the target a file");
	}
	if (outcome == 0)
		outcome = attach(init, tree, target, op->target, &flags);
	close(target);
	return outcome;
}

int do_mount_bind(struct init *init, const struct op_mount_bind *op) {
	if (op->instead && init->refused == 0)
		return 0;
	int tree = open_source(init, op);
	if (tree < 0)
		return -1;
	struct stat status;
	int outcome = fstat(tree, &status) < 0 ? fails(init, "stat", op->source) : 0;
	if (outcome == 0)
		outcome = op->copy_link && S_ISLNK(status.st_mode)
				  ? copy_symlink(init, tree, op->target)
				  : mount_tree(init, op, tree, !S_ISDIR(status.st_mode));
	close(tree);
	return outcome;
}

// The flags that a mount has now, as mount(2) would set them: a remount states all of them anew.
static unsigned long present_flags(int fd) {
	struct statvfs fs;
	unsigned long flags = 0;
	if (fstatvfs(fd, &fs) < 0)
		return 0;
	flags |= fs.f_flag & ST_RDONLY ? MS_RDONLY : 0;
	flags |= fs.f_flag & ST_NOSUID ? MS_NOSUID : 0;
	flags |= fs.f_flag & ST_NODEV ? MS_NODEV : 0;
	flags |= fs.f_flag & ST_NOEXEC ? MS_NOEXEC : 0;
	flags |= fs.f_flag & ST_NOATIME ? MS_NOATIME : 0;
	flags |= fs.f_flag & ST_NODIRATIME ? MS_NODIRATIME : 0;
	flags |= fs.f_flag & ST_RELATIME ? MS_RELATIME : 0;
	flags |= fs.f_flag & STATFS_NOSYMFOLLOW ? MS_NOSYMFOLLOW : 0;
	return flags;
}

int do_remount(struct init *init, const struct op_remount *op) {
	int target = open_in_root(init, op->target, O_PATH, 0);
	if (target < 0)
		return fails(init, "open", op->target);
	unsigned long flags =
		(present_flags(target) & ~(unsigned long)op->clear_flags) | (unsigned long)op->flags | MS_REMOUNT;
	// Without options of the filesystem's own this mount alone is meant, not what others see of the same filesystem.
	if (op->data[0] == 0 && (op->flags & SUPERBLOCK_FLAGS) == 0)
		flags |= MS_BIND;
	int outcome = mount(NULL, proc_fd(target), NULL, flags, op->data[0] == 0 ? NULL : op->data);
	if (outcome < 0)
		fails(init, "mount MS_REMOUNT", op->target);
	close(target);
	return outcome;
}

int do_remount_readonly(struct init *init, const struct op_remount_readonly *op) {
	int target = open_in_root(init, op->target, O_PATH, 0);
	if (target < 0)
		return fails(init, "open", op->target);
	struct mount_attributes readonly = {.set = MOUNT_ATTR_RDONLY};
	int outcome = sys_mount_setattr(target, false, &readonly);
	if (outcome < 0)
		fails(init, "mount_setattr", op->target);
	close(target);
	return outcome;
}
