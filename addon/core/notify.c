#define _GNU_SOURCE
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_SIZE 4096

// How long a manager may take to have room for a message.
static const struct timeval patience = {5, 0};

static int close_with(int fd, int error) {
	close(fd);
	errno = error;
	return -1;
}

// Binds to the last part of `path`, in its directory.
static int bind_in_directory(int fd, const char *path) {
	const char *slash = strrchr(path, '/');
	char parent[4096];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (slash == NULL || (size_t)(slash - path) >= sizeof parent - 1) {
		errno = ENAMETOOLONG;
		return -1;
	}
	snprintf(parent, sizeof parent, "%.*s/", (int)(slash - path), path);
	int directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -1;
	int size = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d%s", directory, slash);
	// The mode of the socket is 0777 less the umask: so there is no moment when it has another one.
	mode_t before = umask(0);
	int outcome = -1;
	if (size >= (int)sizeof address.sun_path)
		errno = ENAMETOOLONG;
	else
		outcome = bind(fd, (const struct sockaddr *)&address, sizeof address);
	umask(before);
	return outcome < 0 ? close_with(directory, errno) : close(directory);
}

int notify_listen(const char *path) {
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	return bind_in_directory(fd, path) < 0 ? close_with(fd, errno) : fd;
}

bool notify_is_ready(int listener) {
	char text[MESSAGE_SIZE + 1];
	// Without a buffer for them, fds that come along are closed by the kernel.
	ssize_t length = recv(listener, text, MESSAGE_SIZE, 0);
	if (length < 0)
		return false;
	text[length] = '\0';
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (strcmp(line, "READY=1") == 0)
			return true;
	}
	return false;
}

// `fd` goes along, unless it is -1.
static int send_text(const char *manager, const char *text, int fd) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(manager);
	if (length > sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, manager, length);
	if (manager[0] == '@')
		address.sun_path[0] = '\0';

	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec part = {(void *)text, strlen(text)};
	struct msghdr message = {.msg_name = &address,
				 .msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length),
				 .msg_iov = &part,
				 .msg_iovlen = 1};
	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(rights), &fd, sizeof fd);
	}
	int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sender < 0)
		return -1;
	setsockopt(sender, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	ssize_t sent;
	do
		sent = sendmsg(sender, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? close_with(sender, errno) : close(sender);
}

int notify_manager(const char *manager, pid_t main) {
	char text[32];
	snprintf(text, sizeof text, "MAINPID=%d\n", (int)main);
	return send_text(manager, "READY=1\n", -1) < 0 ? -1 : send_text(manager, text, -1);
}

int notify_barrier(const char *manager, int timeout_ms) {
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	int sent = send_text(manager, "BARRIER=1", ends[1]), error = errno;
	close(ends[1]);
	struct pollfd event = {ends[0], 0, 0}; // POLLHUP: the manager has closed its copy
	int ready = sent;
	while (sent == 0 && (ready = poll(&event, 1, timeout_ms)) < 0 && errno == EINTR)
		;
	if (sent == 0)
		error = ready == 0 ? ETIMEDOUT : errno;
	close(ends[0]);
	errno = error;
	return sent == 0 && ready > 0 ? 0 : -1;
}
