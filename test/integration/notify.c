/*
 * Both ends of sd_notify(3).
 *
 * notify receive SOCKET OUT   takes datagrams on a unix socket ('@' first: an abstract one), and adds a line to OUT for
 *                             each: its text, newlines as '|', then the number of fds and the sender's pid. The fds are
 *                             closed at once, but with `hold` as last argument never.
 * notify send [TEXT]...       sends each as one datagram to $NOTIFY_SOCKET; exits with the errno when that fails.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t set_address(struct sockaddr_un *address, const char *path) {
	size_t length = strlen(path);
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (length >= sizeof(address->sun_path)) {
		fprintf(stderr, "socket path too long\n");
		exit(1);
	}
	memcpy(address->sun_path, path, length);
	if (path[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static int receive_one(int listener, FILE *out, int hold) {
	char text[4096];
	union {
		char bytes[CMSG_SPACE(8 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec data = {text, sizeof(text) - 1};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(listener, &message, MSG_CMSG_CLOEXEC);
	if (length < 0)
		return -1;
	text[length] = '\0';
	size_t fds = 0;
	struct ucred sender = {0};
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
		if (header->cmsg_type == SCM_CREDENTIALS)
			memcpy(&sender, CMSG_DATA(header), sizeof(sender));
		if (header->cmsg_type != SCM_RIGHTS)
			continue;
		fds = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < fds && !hold; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
			close(fd);
		}
	}
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '\n' ? '|' : *c;
	fprintf(out, "%s fds=%zu pid=%d\n", text, fds, (int)sender.pid);
	fflush(out);
	return 0;
}

static int receive(const char *path, const char *log, int hold) {
	struct sockaddr_un address;
	socklen_t length = set_address(&address, path);
	int listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
	FILE *out = fopen(log, "ae");
	if (listener < 0 || out == NULL || setsockopt(listener, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0 ||
	    bind(listener, (struct sockaddr *)&address, length) != 0) {
		perror("receive");
		return 1;
	}
	fprintf(out, "listening\n");
	fflush(out);
	while (receive_one(listener, out, hold) == 0)
		;
	perror("recvmsg");
	return 1;
}

static int send_all(char **texts) {
	const char *path = getenv("NOTIFY_SOCKET");
	if (path == NULL) {
		fprintf(stderr, "NOTIFY_SOCKET is not set\n");
		return 255;
	}
	struct sockaddr_un address;
	socklen_t length = set_address(&address, path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (; *texts != NULL; texts++) {
		if (sendto(fd, *texts, strlen(*texts), 0, (struct sockaddr *)&address, length) < 0) {
			int error = errno;
			perror(path);
			return error;
		}
	}
	return 0;
}

int main(int argc, char **argv) {
	if (argc >= 4 && strcmp(argv[1], "receive") == 0)
		return receive(argv[2], argv[3], argc > 4);
	if (argc >= 2 && strcmp(argv[1], "send") == 0)
		return send_all(argv + 2);
	fprintf(stderr, "usage: notify receive SOCKET OUT [hold] | notify send [TEXT]...\n");
	return 2;
}
