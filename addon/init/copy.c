// tmpcopyup: a tmpfs that starts with what the directory below it holds. Everything goes through directory fds and no
// link is followed, so the image decides about contents only, never about places.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

#define MAX_DEPTH 250 // each level holds three fds

static int copy_directory(int from, int to, int depth);

// Leaves errno as it is; -1 is none.
static void close_both(int one, int other) {
	int saved = errno;
	if (one >= 0)
		close(one);
	if (other >= 0)
		close(other);
	errno = saved;
}

static int copy_contents(int from, const char *name, int to, const struct stat *status) {
	int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	struct stat opened;
	if (source >= 0 && (fstat(source, &opened) < 0 || !S_ISREG(opened.st_mode))) {
		close(source);
		errno = EBUSY; // something else took its place
		return -1;
	}
	int copy = source < 0 ? -1 : openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int outcome = copy < 0 ? -1 : 0;
	for (off_t left = status->st_size; outcome == 0 && left > 0;) {
		ssize_t sent = sendfile(copy, source, NULL, (size_t)left);
		if (sent < 0)
			outcome = -1;
		if (sent <= 0)
			break; // 0: the file has become shorter meanwhile
		left -= sent;
	}
	close_both(source, copy);
	return outcome;
}

static int copy_link(int from, const char *name, int to) {
	char target[PATH_MAX];
	ssize_t length = readlinkat(from, name, target, sizeof target - 1);
	if (length < 0)
		return -1;
	target[length] = 0;
	return symlinkat(target, to, name);
}

static int copy_subdirectory(int from, const char *name, int to, int depth) {
	if (depth == MAX_DEPTH) {
		errno = ELOOP;
		return -1;
	}
	if (mkdirat(to, name, 0700) < 0)
		return -1;
	int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int copy = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int outcome = source < 0 || copy < 0 ? -1 : copy_directory(source, copy, depth + 1);
	close_both(source, copy);
	return outcome;
}

static int copy_entry(int from, const char *name, int to, int depth) {
	struct stat status;
	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	int outcome;
	switch (status.st_mode & S_IFMT) {
	case S_IFDIR:
		outcome = copy_subdirectory(from, name, to, depth);
		break;
	case S_IFREG:
		outcome = copy_contents(from, name, to, &status);
		break;
	case S_IFLNK:
		outcome = copy_link(from, name, to);
		break;
	case S_IFSOCK: // lives with its server only
		return 0;
	default:
		outcome = mknodat(to, name, status.st_mode, status.st_rdev);
	}
	if (outcome < 0 || fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISLNK(status.st_mode) && fchmodat(to, name, status.st_mode & 07777, 0) < 0)
		return -1;
	struct timespec times[2] = {status.st_atim, status.st_mtim};
	return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_directory(int from, int to, int depth) {
	DIR *directory = fdopendir(dup(from));
	if (directory == NULL)
		return -1;
	int outcome = 0;
	struct dirent *entry;
	while (outcome == 0 && (errno = 0, entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			outcome = copy_entry(from, entry->d_name, to, depth);
	}
	if (outcome == 0 && errno != 0)
		outcome = -1;
	int saved = errno;
	closedir(directory);
	errno = saved;
	return outcome;
}

int copy_up(struct init *init, const char *path, int mount_fd) {
	int from = open_in_root(init, path, O_RDONLY | O_DIRECTORY, 0);
	if (from < 0)
		return fails(init, "open", path);
	int to = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int outcome = to < 0 ? fails(init, "open", "tmpfs") : 0;
	struct stat status;
	if (outcome == 0 && (fstat(from, &status) < 0 || fchown(to, status.st_uid, status.st_gid) < 0))
		outcome = fails(init, "chown", path);
	if (outcome == 0 && copy_directory(from, to, 0) < 0)
		outcome = fails(init, "copy", path);
	close(from);
	if (to >= 0)
		close(to);
	return outcome;
}
