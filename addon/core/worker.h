// Starting a program that works for us and answers over a socket: criu in its "swrk" mode.
#ifndef RUNTS_WORKER_H
#define RUNTS_WORKER_H

#include <stddef.h>
#include <sys/types.h>

struct worker {
	const char *path;
	const char *const *args; // argv with NULL; "@" stands for the number of its end of the socket
	const char *const *env;
	int cgroup;      // directory fd for CLONE_INTO_CGROUP, or -1
	int stdio[3];    // -1: /dev/null
	const int *keep; // inherited under their own numbers
	size_t keep_count;
	// Unless NULL, it gets a mount namespace of its own, a slave of ours, with `root` bound at `root_target`.
	const char *root, *root_target;
	// Directories that are opened there, for us.
	const char *const *directories;
	size_t directory_count;
};

#define WORKER_DIRECTORIES_MAX 4

struct worker_result {
	pid_t pid;
	int pidfd;
	int socket; // our end, SOCK_SEQPACKET
	int directories[WORKER_DIRECTORIES_MAX];
	// On failure:
	const char *failed; // the system call
	int error;          // its errno
};

// Starts it; it dies with us. Returns 0, or -1 with `failed` and `error`.
int start_worker(const struct worker *worker, struct worker_result *result);

#endif
