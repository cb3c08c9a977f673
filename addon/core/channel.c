#define _GNU_SOURCE
#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

union control {
	char bytes[CMSG_SPACE(CHANNEL_FDS * sizeof(int))];
	struct cmsghdr align;
};

static void attach(struct msghdr *message, union control *control, const int *fds, size_t count) {
	message->msg_control = control->bytes;
	message->msg_controllen = CMSG_SPACE(count * sizeof *fds);
	memset(control, 0, message->msg_controllen);
	struct cmsghdr *rights = CMSG_FIRSTHDR(message);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(count * sizeof *fds);
	memcpy(CMSG_DATA(rights), fds, count * sizeof *fds);
}

static void advance(struct msghdr *message, size_t size) {
	while (message->msg_iovlen > 0 && size >= message->msg_iov->iov_len) {
		size -= message->msg_iov->iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (message->msg_iovlen > 0) {
		message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + size;
		message->msg_iov->iov_len -= size;
	}
}

int channel_send(int socket, uint32_t type, const void *body, size_t size, const int *fds, size_t fd_count) {
	if (size > CHANNEL_MAX || fd_count > CHANNEL_FDS) {
		errno = E2BIG;
		return -1;
	}
	struct channel_header header = {type, (uint32_t)size, (uint32_t)fd_count};
	struct iovec parts[] = {{&header, sizeof header}, {(void *)body, size}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	union control control;
	if (fd_count > 0)
		attach(&message, &control, fds, fd_count);
	while (message.msg_iovlen > 0) {
		ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -1;
		message.msg_control = NULL; // they have gone with the first bytes
		message.msg_controllen = 0;
		advance(&message, (size_t)sent);
	}
	return 0;
}

// All fds of a message come with its first byte.
static size_t detach(struct msghdr *message, int fds[CHANNEL_FDS]) {
	size_t count = 0;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		count = (part->cmsg_len - CMSG_LEN(0)) / sizeof *fds;
		memcpy(fds, CMSG_DATA(part), count * sizeof *fds);
	}
	return count;
}

static int refuse(const int *fds, size_t count, int error) {
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
	errno = error;
	return -1;
}

int channel_receive_header(int socket, struct channel_header *header, int fds[CHANNEL_FDS]) {
	struct iovec part = {header, sizeof *header};
	union control control;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t got;
	do {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		return (int)got;
	size_t count = detach(&message, fds);
	if ((size_t)got < sizeof *header &&
	    channel_receive_body(socket, (char *)header + got, sizeof *header - (size_t)got) < 0)
		return refuse(fds, count, errno);
	if ((message.msg_flags & MSG_CTRUNC) != 0)
		return refuse(fds, count, EMFILE); // no room for all in our table
	if (count != header->fd_count || header->size > CHANNEL_MAX)
		return refuse(fds, count, EPROTO);
	return 1;
}

static time_t now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

int channel_receive_body(int socket, void *body, size_t size) {
	char *at = body;
	time_t deadline = 0;
	while (size > 0) {
		if (deadline != 0 && now() > deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		ssize_t got = recv(socket, at, size, MSG_WAITALL);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = ECONNRESET;
		if (got <= 0)
			return -1;
		at += got;
		size -= (size_t)got;
		// It comes at once; less than all of it is the timeout of the socket, or a signal.
		if (deadline == 0 && size > 0)
			deadline = now() + CHANNEL_PATIENCE_S;
	}
	return 0;
}
