// Handing a file descriptor to whoever listens on a unix stream socket: a terminal, a pidfd, the listener of a seccomp filter.
#ifndef RUNTS_SEND_FD_H
#define RUNTS_SEND_FD_H

#include <stddef.h>

// Connects to `path`, which may be longer than an address holds, and sends `payload`, which must not be empty, with `fd`.
// 0, or -1 with errno and the system call that failed; EAGAIN when the other side has not taken it within 10 s.
int send_fd_to(const char *path, const void *payload, size_t size, int fd, const char **failed);

#endif
