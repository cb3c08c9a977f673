// Mounts, through the new mount API (Linux 5.2; mount_setattr 5.12): a filesystem or a clone is made, given its flags, and
// only then attached, to a target that is held as an fd. What the kernel has to say of a bad option is passed on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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
#include <unistd.h>

#include "init.h"

// A value beyond this does not go through fsconfig(2).
#define FSCONFIG_VALUE_MAX 255
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

static bool has_option(const struct string_list *options, const char *prefix) {
	for (uint32_t i = 0; i < options->count; i++) {
		if (strncmp(options->items[i], prefix, strlen(prefix)) == 0)
			return true;
	}
	return false;
}

static bool has_long_value(const struct string_list *options) {
	for (uint32_t i = 0; i < options->count; i++) {
		const char *value = strchr(options->items[i], '=');
		if (value != NULL && strlen(value + 1) > FSCONFIG_VALUE_MAX)
			return true;
	}
	return false;
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

static int configure(int context, const char *option) {
	const char *equals = strchr(option, '=');
	if (equals == NULL)
		return sys_fsconfig(context, FSCONFIG_SET_FLAG, option, NULL);
	char key[128];
	if (snprintf(key, sizeof key, "%.*s", (int)(equals - option), option) >= (int)sizeof key) {
		errno = E2BIG;
		return -1;
	}
	return sys_fsconfig(context, FSCONFIG_SET_STRING, key, equals + 1);
}

static int fails_in_context(struct init *init, int context, const char *syscall, const char *object) {
	char log[DETAIL_MAX];
	read_context_log(context, log, sizeof log);
	fails_with(init, syscall, object, log);
	close(context);
	return -1;
}

// A filesystem that is not mounted anywhere yet.
static int create_filesystem(struct init *init, const struct op_mount_filesystem *op, const char *extra) {
	int context = sys_fsopen(op->type);
	if (context < 0)
		return fails(init, "fsopen", op->type);
	if (op->source[0] != 0 && sys_fsconfig(context, FSCONFIG_SET_STRING, "source", op->source) < 0)
		return fails_in_context(init, context, "fsconfig", "source");
	for (uint32_t i = 0; i < op->options.count; i++) {
		if (configure(context, op->options.items[i]) < 0)
			return fails_in_context(init, context, "fsconfig", op->options.items[i]);
	}
	if (extra != NULL && configure(context, extra) < 0)
		return fails_in_context(init, context, "fsconfig", extra);
	if (sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return fails_in_context(init, context, "fsconfig", op->type);
	int mount_fd = sys_fsmount(context, 0);
	if (mount_fd < 0)
		return fails_in_context(init, context, "fsmount", op->type);
	close(context);
	return mount_fd;
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
	if (mount(op->source, proc_fd(target_fd), op->type, (unsigned long)op->legacy_flags, data) < 0)
		return fails(init, "mount", op->type);
	return open_in_root(init, op->target, O_PATH, 0);
}

int do_mount_filesystem(struct init *init, const struct op_mount_filesystem *op) {
	struct flags flags = {op->attr_set, op->attr_clear, op->recursive_set, op->recursive_clear, op->propagation};
	bool inherits = is_tmpfs_without_mode(op) && exists_in_root(init, op->target);
	int target = is_kernel_view(op->type) ? open_plain_directory(init, op->target)
					      : open_target(init, op->target, false);
	if (target < 0)
		return -1;
	int outcome = strcmp(op->type, "proc") == 0 ? 0 : check_target(init, target, op->target);
	if (outcome < 0) {
		close(target);
		return -1;
	}
	if (has_long_value(&op->options)) {
		int mounted = mount_with_data(init, op, target);
		outcome = mounted < 0 ? -1 : set_attributes(init, mounted, &flags, op->target);
		if (outcome == 0)
			outcome = set_propagation(init, mounted, &flags, op->target);
		if (mounted >= 0)
			close(mounted);
	} else {
		int created = create_filesystem(init, op, inherits ? mode_of(target) : NULL);
		outcome = created < 0 ? -1 : 0;
		if (outcome == 0 && op->copy_up)
			outcome = copy_up(init, op->target, created);
		if (outcome == 0)
			outcome = attach(init, created, target, op->target, &flags);
		if (created >= 0)
			close(created);
	}
	close(target);
	return outcome;
}

int do_mount_bind(struct init *init, const struct op_mount_bind *op) {
	struct flags flags = {op->attr_set, op->attr_clear, op->recursive_set, op->recursive_clear, op->propagation};
	unsigned how = OPEN_TREE_CLONE | (op->recursive ? AT_RECURSIVE : 0);
	int tree = op->source_fd >= 0 ? sys_open_tree(op->source_fd, "", how | AT_EMPTY_PATH)
				      : sys_open_tree(AT_FDCWD, op->source, how);
	if (tree < 0)
		return fails(init, "open_tree", op->source);
	struct stat status, present;
	if (fstat(tree, &status) < 0)
		return fails(init, "stat", op->source);
	bool file = !S_ISDIR(status.st_mode);
	int target = open_target(init, op->target, file);
	int outcome = target < 0 ? -1 : check_target(init, target, op->target);
	if (outcome == 0 && fstat(target, &present) == 0 && S_ISDIR(present.st_mode) == file) {
		errno = file ? EISDIR : ENOTDIR;
		outcome = fails_with(init, "mount", op->target,
				     file ? "the source is a file, the target a directory"
					  : "the source is a directory, the target a file");
	}
	if (outcome == 0)
		outcome = attach(init, tree, target, op->target, &flags);
	if (target >= 0)
		close(target);
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
