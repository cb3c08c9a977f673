// Messages with file descriptors over a stream socket: what launcher and agent talk over. Format: src/agent/messages.ts.
#ifndef RUNTS_CHANNEL_H
#define RUNTS_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

// As many as the kernel takes with one message (SCM_MAX_FD).
#define CHANNEL_FDS 253
// No message is larger. Environment and arguments of a process have 6 MB at most.
#define CHANNEL_MAX ((uint32_t)64 * 1024 * 1024)

// Its sender has the whole of a message before he begins: who makes pauses in it is not waited for any longer.
#define CHANNEL_PATIENCE_S 3

struct channel_header {
	uint32_t type;
	uint32_t size; // of the body
	uint32_t fd_count;
};

// 0, or -1 with errno. Never raises SIGPIPE.
int channel_send(int socket, uint32_t type, const void *body, size_t size, const int *fds, size_t fd_count);

// A message comes in two parts. The first gives its fds, close-on-exec: 1; 0 at the end of file; -1 with errno.
int channel_receive_header(int socket, struct channel_header *header, int fds[CHANNEL_FDS]);
// 0, or -1 with errno (ECONNRESET at an end of file, ETIMEDOUT).
int channel_receive_body(int socket, void *body, size_t size);

#endif
