#define _GNU_SOURCE
#include "message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_SIZE 16

// Appends a string and its NUL, leaving room for `reserve` bytes after it.
static size_t put_string(char *buffer, size_t at, const char *text, size_t reserve) {
	size_t length = text == NULL ? 0 : strlen(text);
	size_t room = MESSAGE_MAX - at - 1 - reserve;
	if (length > room)
		length = room;
	if (length > 0)
		memcpy(buffer + at, text, length);
	buffer[at + length] = 0;
	return at + length + 1;
}

size_t message_pack(const struct message *message, char *buffer) {
	memcpy(buffer, message, HEADER_SIZE);
	size_t at = put_string(buffer, HEADER_SIZE, message->syscall, 2);
	at = put_string(buffer, at, message->object, 1);
	return put_string(buffer, at, message->detail, 0);
}

bool message_unpack(const char *buffer, size_t size, struct message *message) {
	if (size < HEADER_SIZE + 3 || size > MESSAGE_MAX || buffer[size - 1] != 0)
		return false;
	memcpy(message, buffer, HEADER_SIZE);
	const char *at = buffer + HEADER_SIZE, *end = buffer + size;
	const char **strings[] = {&message->syscall, &message->object, &message->detail};
	for (size_t i = 0; i < 3; i++) {
		if (at >= end)
			return false;
		*strings[i] = at;
		at += strlen(at) + 1;
	}
	return at == end;
}

// By write and read where no file descriptor goes along: any seccomp filter of the user's lets these through.
static int send_plain(int socket, const char *buffer, size_t size) {
	ssize_t written;
	do
		written = write(socket, buffer, size);
	while (written < 0 && errno == EINTR);
	return written < 0 ? -1 : 0;
}

int message_send(int socket, const struct message *message, int fd) {
	char buffer[MESSAGE_MAX];
	size_t size = message_pack(message, buffer);
	if (fd < 0)
		return send_plain(socket, buffer, size);
	struct iovec part = {buffer, size};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	memset(&control, 0, sizeof control);
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	header.msg_control = control.bytes;
	header.msg_controllen = sizeof control.bytes;
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof fd);
	ssize_t sent;
	do
		sent = sendmsg(socket, &header, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

int message_answer(int socket) {
	ssize_t sent;
	do
		sent = send(socket, "+", 1, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == 1 ? 0 : -1;
}

int message_wait_answer(int socket) {
	char byte;
	ssize_t got;
	do
		got = read(socket, &byte, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 ? 0 : -1;
}
