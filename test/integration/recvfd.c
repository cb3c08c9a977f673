/*
 * The receiving end of --console-socket: listens on SOCKET, takes one message with file descriptors, writes what came
 * to INFO as one JSON line, then copies what the terminal says to OUT, and our stdin to the terminal, until the
 * other side is gone.
 *
 * usage: recvfd SOCKET INFO OUT
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/* Returns the number of fds that came with the message; the first is stored in *fd. */
static int receive(int peer, char *payload, size_t size, int *fd) {
	union {
		char bytes[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec data = {payload, size - 1};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(peer, &message, 0);
	if (length < 0)
		die("recvmsg");
	payload[length] = '\0';

	int count = 0;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fd, CMSG_DATA(header), sizeof(int));
	}
	return count;
}

static void write_info(const char *path, const char *payload, int count, int fd) {
	struct winsize size = {0};
	struct stat status = {0};
	int terminal = count > 0 && ioctl(fd, TIOCGWINSZ, &size) == 0;
	int number = -1;
	int is_master = terminal && ioctl(fd, TIOCGPTN, &number) == 0;
	if (count > 0)
		fstat(fd, &status);

	char partial[4096];
	snprintf(partial, sizeof(partial), "%s.partial", path);
	FILE *file = fopen(partial, "w");
	if (file == NULL)
		die("fopen");
	fprintf(file, "{\"payload\":\"%s\",\"fds\":%d,\"master\":%s,\"number\":%d,\"rows\":%d,\"columns\":%d}\n",
		payload, count, is_master ? "true" : "false", number, size.ws_row, size.ws_col);
	fclose(file);
	if (rename(partial, path) != 0)
		die("rename");
}

static void relay(int terminal, int out) {
	struct pollfd polled[2] = {{.fd = terminal, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	char buffer[4096];
	for (;;) {
		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			die("poll");
		if (polled[0].revents != 0) {
			ssize_t length = read(terminal, buffer, sizeof(buffer));
			if (length <= 0)
				return; /* EIO: the last slave is closed */
			if (write(out, buffer, (size_t)length) != length)
				die("write");
		}
		if (polled[1].revents != 0) {
			ssize_t length = read(STDIN_FILENO, buffer, sizeof(buffer));
			if (length <= 0)
				polled[1].fd = -1;
			else if (write(terminal, buffer, (size_t)length) != length)
				die("write");
		}
	}
}

int main(int argc, char **argv) {
	if (argc != 4) {
		fprintf(stderr, "usage: recvfd SOCKET INFO OUT\n");
		return 2;
	}
	int out = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (out < 0)
		die("open");
	char payload[4096];
	int fd = -1;
	int peer = accept_one(argv[1]);
	int count = receive(peer, payload, sizeof(payload), &fd);
	close(peer);
	write_info(argv[2], payload, count, fd);
	if (count > 0)
		relay(fd, out);
	return 0;
}
