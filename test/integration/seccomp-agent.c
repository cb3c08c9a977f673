/*
 * A seccomp agent: takes one container process state with its file descriptors on SOCKET, writes what came to INFO as one
 * JSON line, then answers notifications until the last process under the filter is gone. Each is told on stdout, as
 * "NUMBER\n", before its answer.
 *
 * usage: seccomp-agent SOCKET INFO [NUMBER=errno:N | NUMBER=value:N | NUMBER=silent | NUMBER=quit]...
 *
 * System calls that are not listed go on as if nothing were. `silent` is no answer; `quit` ends the agent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what) {
	perror(what);
	exit(1);
}

static int accept_one(const char *path) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "socket path too long\n");
		exit(1);
	}
	strcpy(address.sun_path, path);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0)
		die("socket");
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0)
		die("bind");
	if (listen(listener, 1) != 0)
		die("listen");
	int peer = accept(listener, NULL, NULL);
	if (peer < 0)
		die("accept");
	return peer;
}

/* Reads to the end of the stream, or to what is as good: runc leaves it open. Returns the number of fds that came along, the
 * first of them in *fd. */
static int receive(int peer, char *payload, size_t size, int *fd) {
	size_t length = 0;
	int count = 0;
	struct pollfd polled = {.fd = peer, .events = POLLIN};
	while (length == 0 || poll(&polled, 1, 200) > 0) {
		union {
			char bytes[CMSG_SPACE(8 * sizeof(int))];
			struct cmsghdr align;
		} control;
		struct iovec data = {payload + length, size - 1 - length};
		struct msghdr message = {
			.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
		ssize_t got = recvmsg(peer, &message, 0);
		if (got < 0)
			die("recvmsg");
		for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
		     header = CMSG_NXTHDR(&message, header)) {
			if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
				continue;
			count += (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
			memcpy(fd, CMSG_DATA(header), sizeof(int));
		}
		if (got == 0)
			break;
		length += (size_t)got;
	}
	payload[length] = '\0';
	return count;
}

static void write_info(const char *path, const char *payload, int count) {
	char partial[4096];
	snprintf(partial, sizeof(partial), "%s.partial", path);
	FILE *file = fopen(partial, "w");
	if (file == NULL)
		die("fopen");
	fprintf(file, "{\"fds\":%d,\"state\":%s}\n", count, payload);
	fclose(file);
	if (rename(partial, path) != 0)
		die("rename");
}

/* False: there is none. */
static bool answer(struct seccomp_notif_resp *response, int number, char *const *rules) {
	response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	for (; *rules != NULL; rules++) {
		char *rest;
		if (strtol(*rules, &rest, 10) != number)
			continue;
		response->flags = 0;
		if (strncmp(rest, "=errno:", 7) == 0)
			response->error = -atoi(rest + 7);
		else if (strncmp(rest, "=value:", 7) == 0)
			response->val = atoll(rest + 7);
		else if (strcmp(rest, "=silent") == 0)
			return false;
		else
			exit(0);
		return true;
	}
	return true;
}

static void serve(int fd, char *const *rules) {
	for (;;) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};
		if (poll(&polled, 1, -1) < 0)
			die("poll");
		if ((polled.revents & POLLIN) == 0)
			return; /* POLLHUP: nobody is under the filter any more */
		struct seccomp_notif request = {0};
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0) {
			if (errno == ENOENT || errno == EINTR)
				continue; /* it was killed meanwhile */
			die("SECCOMP_IOCTL_NOTIF_RECV");
		}
		struct seccomp_notif_resp response = {.id = request.id};
		printf("%d\n", request.data.nr);
		fflush(stdout);
		if (answer(&response, request.data.nr, rules) && ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 &&
		    errno != ENOENT)
			die("SECCOMP_IOCTL_NOTIF_SEND");
	}
}

int main(int argc, char **argv) {
	if (argc < 3) {
		fprintf(stderr, "usage: seccomp-agent SOCKET INFO [NUMBER=ANSWER]...\n");
		return 2;
	}
	static char payload[1 << 20];
	int fd = -1;
	int peer = accept_one(argv[1]);
	int count = receive(peer, payload, sizeof(payload), &fd);
	close(peer);
	write_info(argv[2], payload, count);
	if (count > 0)
		serve(fd, argv + 3);
	return 0;
}
