// Starting runts-init: a sealed memfd copy of it, vfork semantics, all new namespaces in one clone3.
#ifndef RUNTS_SPAWN_H
#define RUNTS_SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct spawn_request {
	const char *init; // path of the binary
	const void *plan;
	size_t plan_size;
	uint64_t clone_flags; // CLONE_NEW*
	int cgroup;           // directory fd for CLONE_INTO_CGROUP, or -1
	int stdio[3];
	const int *keep; // inherited under their own numbers, besides stdio
	size_t keep_count;
};

struct spawn_result {
	pid_t pid;
	int pidfd;
	int sync; // our end of the sync socket
	// On failure:
	const char *failed; // the system call
	int error;          // its errno
};

// Starts runts-init, which waits for the first answer on the sync socket. Returns 0, or -1 with `failed` and `error`.
int spawn_init(const struct spawn_request *request, struct spawn_result *result);

#endif
