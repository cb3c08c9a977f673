#define _GNU_SOURCE
#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clone.h"

struct opening {
	int namespace_fd;
	int fd;
	const char *failed;
	int error;
};

IN_BORROWED_STACK static int open_fails(struct opening *opening, const char *syscall) {
	opening->error = errno;
	opening->failed = syscall;
	return 1;
}

// Connected to the kernel, port 0, so that no other process can answer in its place.
IN_BORROWED_STACK static int open_socket(struct opening *opening) {
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return open_fails(opening, "socket AF_NETLINK");
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int on = 1;
	if (connect(fd, (struct sockaddr *)&kernel, sizeof kernel) < 0)
		open_fails(opening, "connect AF_NETLINK");
	else if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on) < 0 ||
		 setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on) < 0 ||
		 setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on) < 0)
		open_fails(opening, "setsockopt SOL_NETLINK");
	if (opening->failed != NULL) {
		close(fd);
		return 1;
	}
	opening->fd = fd;
	return 0;
}

IN_BORROWED_STACK static int open_in_namespace(void *argument) {
	struct opening *opening = argument;
	if (setns(opening->namespace_fd, CLONE_NEWNET) < 0)
		return open_fails(opening, "setns");
	return open_socket(opening);
}

int netlink_socket(int namespace_fd, const char **failed) {
	struct opening opening = {.namespace_fd = namespace_fd, .fd = -1};
	if (namespace_fd < 0) {
		open_socket(&opening);
	} else {
		// A child with our file descriptors, rather than this thread: nothing has to find its way back from there.
		int pidfd = -1;
		long pid = vfork_call(CLONE_FILES, -1, &pidfd, open_in_namespace, &opening);
		if (pid < 0) {
			opening.failed = "clone3";
			opening.error = (int)-pid;
		} else {
			int signal;
			reap_child(pidfd, &signal);
			close(pidfd);
		}
	}
	if (opening.fd >= 0)
		return opening.fd;
	*failed = opening.failed == NULL ? "clone3" : opening.failed;
	errno = opening.failed == NULL ? ECHILD : opening.error;
	return -1;
}
