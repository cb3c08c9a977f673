#define _GNU_SOURCE
#include "send-fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

// How long a receiver may take to accept the connection, and to read.
static const struct timeval patience = {10, 0};

static int close_with(int fd, int error) {
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

// A path that is too long for an address leads through an fd of its directory, which is then to be closed; else that is -1.
static int address_of(const char *path, struct sockaddr_un *address, int *directory) {
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	*directory = -1;
	if (strlen(path) < sizeof address->sun_path) {
		strcpy(address->sun_path, path);
		return 0;
	}
	const char *slash = strrchr(path, '/');
	char parent[4096];
	if (slash == NULL || (size_t)(slash - path) >= sizeof parent - 1)
		return close_with(-1, ENAMETOOLONG);
	snprintf(parent, sizeof parent, "%.*s/", (int)(slash - path), path);
	*directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*directory < 0)
		return -1;
	int size = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d%s", *directory, slash);
	return size < (int)sizeof address->sun_path ? 0 : close_with(*directory, ENAMETOOLONG);
}

static int connect_to(const char *path) {
	struct sockaddr_un address;
	int directory;
	if (address_of(path, &address, &directory) < 0)
		return -1;
	int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), outcome = -1;
	if (connection >= 0) {
		// A receiver that does not accept, or read, must not hold us for ever: then it is EAGAIN.
		setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
		do
			outcome = connect(connection, (struct sockaddr *)&address, sizeof address);
		while (outcome < 0 && errno == EINTR);
	}
	int error = errno;
	if (directory >= 0)
		close(directory);
	return outcome == 0 ? connection : close_with(connection, error);
}

// The fd goes with the first bytes; a stream may take the others later.
static int send_whole(int connection, const char *payload, size_t size, int fd) {
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr header = {.msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(rights), &fd, sizeof fd);
	while (size > 0) {
		struct iovec part = {(char *)payload, size};
		header.msg_iov = &part;
		ssize_t sent = sendmsg(connection, &header, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return -1;
		if (sent <= 0)
			continue;
		payload += sent;
		size -= (size_t)sent;
		header.msg_control = NULL;
		header.msg_controllen = 0;
	}
	return 0;
}

int send_fd_to(const char *path, const void *payload, size_t size, int fd, const char **failed) {
	*failed = "connect";
	int connection = connect_to(path);
	if (connection < 0)
		return -1;
	*failed = "sendmsg";
	return send_whole(connection, payload, size, fd) < 0 ? close_with(connection, errno) : close(connection);
}
