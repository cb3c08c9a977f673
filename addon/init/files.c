// Paths inside the container's root. An image controls every name in it, so the kernel resolves them in one go, against
// the root's fd (openat2(2), RESOLVE_IN_ROOT), and what is done then is done through the fd that came of it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

#define MAX_LINKS 40
#define RESOLVE_RETRIES 128

int open_in_root(const struct init *init, const char *path, int flags, uint64_t extra_resolve) {
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | extra_resolve,
	};
	int fd;
	int retries = RESOLVE_RETRIES;
	do // EAGAIN: a rename somewhere raced with a ".." of the walk
		fd = (int)syscall(SYS_openat2, init->root, path, &how, sizeof how);
	while (fd < 0 && errno == EAGAIN && --retries > 0);
	return fd;
}

static int make_path(const struct init *init, char *path, bool file, int links);

// What to make for a symlink that leads nowhere: its target, as seen from inside the root.
static int make_link_target(const struct init *init, int parent, const char *prefix, const char *name, const char *rest,
			    bool file, int links) {
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t length = readlinkat(parent, name, target, sizeof target - 1);
	if (length < 0)
		return -1;
	target[length] = 0;
	int size = snprintf(joined, sizeof joined, "%s/%s%s%s", target[0] == '/' ? "" : prefix, target,
			    rest[0] ? "/" : "", rest);
	if (size >= (int)sizeof joined) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (links == 0) {
		errno = ELOOP;
		return -1;
	}
	return make_path(init, joined, file, links - 1);
}

static int make_element(int parent, const char *name, bool file) {
	if (!file)
		return mkdirat(parent, name, 0755);
	int fd = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

// Walks down `path`, making each element that is missing. `path` is cut and mended on the way.
static int make_path(const struct init *init, char *path, bool file, int links) {
	int current = open_in_root(init, ".", O_PATH | O_DIRECTORY, 0);
	char *at = path;
	while (current >= 0) {
		while (*at == '/')
			at++;
		if (*at == 0)
			return current;
		char *end = strchrnul(at, '/');
		bool last = end[strspn(end, "/")] == 0;
		char cut = *end;
		*end = 0;
		int next = open_in_root(init, path, O_PATH, 0);
		if (next < 0 && errno == ENOENT) {
			bool made = make_element(current, at, file && last) == 0;
			if (made || errno == EEXIST)
				next = open_in_root(init, path, O_PATH, 0);
			if (next < 0 && errno == ENOENT && !made) {
				// It exists and yet it does not: a dangling symlink. (Or somebody was quicker.)
				char prefix[PATH_MAX];
				snprintf(prefix, sizeof prefix, "%.*s", (int)(at - path), path);
				next = make_link_target(init, current, prefix, at, cut ? end + 1 : "", file, links);
				close(current);
				*end = cut;
				return next;
			}
		}
		int saved = errno;
		close(current);
		errno = saved;
		*end = cut;
		current = next;
		at = end;
	}
	return -1;
}

int make_in_root(const struct init *init, const char *path, bool file) {
	int fd = open_in_root(init, path, O_PATH, 0);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	char copy[PATH_MAX];
	if (strlen(path) >= sizeof copy) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(copy, path);
	return make_path(init, copy, file, MAX_LINKS);
}

int parent_in_root(const struct init *init, const char *path, char name[256]) {
	char directory[PATH_MAX];
	size_t length = strlen(path);
	while (length > 0 && path[length - 1] == '/')
		length--;
	size_t start = length;
	while (start > 0 && path[start - 1] != '/')
		start--;
	if (length >= sizeof directory || length - start > 255) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, path + start, length - start);
	name[length - start] = 0;
	if (name[0] == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		errno = EINVAL;
		return -1;
	}
	memcpy(directory, path, start);
	directory[start] = 0;
	return make_in_root(init, start == 0 ? "/" : directory, false);
}

int private_procfs(struct init *init) {
	if (init->procfs >= 0)
		return init->procfs;
	int context = sys_fsopen("proc");
	if (context >= 0 && sys_fsconfig(context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL) == 0)
		init->procfs = sys_fsmount(context, 0);
	if (context >= 0)
		close(context);
	// Not allowed to mount one: until the roots are switched, /proc is the host's, and nobody inside can touch it.
	if (init->procfs < 0 && !init->pivoted)
		init->procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return init->procfs;
}

const char *fd_link(int fd) {
	static char text[32];
	snprintf(text, sizeof text, "self/fd/%d", fd);
	return text;
}

ssize_t read_file(int directory, const char *path, char *buffer, size_t size) {
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -1;
	size_t length = 0;
	ssize_t got;
	while (length < size - 1 && (got = read(fd, buffer + length, size - 1 - length)) > 0)
		length += (size_t)got;
	buffer[length] = 0;
	close(fd);
	return (ssize_t)length;
}

int write_open_file(int fd, const char *text) {
	if (fd < 0)
		return -1;
	size_t length = strlen(text);
	ssize_t written = write(fd, text, length);
	int saved = written >= 0 && (size_t)written < length ? EIO : errno;
	close(fd);
	errno = saved;
	return written == (ssize_t)length ? 0 : -1;
}

int write_file(int directory, const char *path, const char *text) {
	return write_open_file(openat(directory, path, O_WRONLY | O_CLOEXEC), text);
}
