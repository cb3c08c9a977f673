// What runts-init and the runtime say to each other over the sync socket (SOCK_SEQPACKET), and on the result FIFO:
// one packet a message, a header and up to three NUL-terminated strings.
#ifndef RUNTS_MESSAGE_H
#define RUNTS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_type {
	MESSAGE_HELLO = 1,      // syscall: build id
	MESSAGE_PID,            // value: host pid of the process that goes on
	MESSAGE_USER_NAMESPACE, // waits for an answer, which comes when the id maps are written
	MESSAGE_NET_DEVICES,    // with our network namespace as a file descriptor; waits for an answer
	MESSAGE_RUNTIME_HOOKS,  // waits for an answer
	MESSAGE_CONSOLE,        // with the pty's master as a file descriptor; object: its name
	MESSAGE_SECCOMP,        // with the listener of a seccomp filter as a file descriptor; waits for an answer
	MESSAGE_READY,          // waits for an answer
	MESSAGE_WARNING,
	MESSAGE_FAILED
};

// A whole message fits into PIPE_BUF, so that one write to a FIFO is atomic (pipe(7)).
#define MESSAGE_MAX 4096

struct message {
	uint32_t type;
	uint32_t step;
	int32_t error; // errno
	int32_t value;
	const char *syscall, *object, *detail;
};

// Lays `message` out in `buffer` (MESSAGE_MAX bytes); strings that do not fit are cut. Returns its length.
size_t message_pack(const struct message *message, char *buffer);
// The reverse; strings point into `buffer`. False when it is malformed.
bool message_unpack(const char *buffer, size_t size, struct message *message);

// Sends a message, with a file descriptor unless `fd` is -1; 0 or -1 with errno. Without one it may raise SIGPIPE.
int message_send(int socket, const struct message *message, int fd);
// The runtime's answer: one byte. wait_for_answer: 0 when it came, -1 when the runtime is gone.
int message_answer(int socket);
int message_wait_answer(int socket);

#endif
