// Starting runts-init: a sealed memfd copy of it, vfork semantics, all new namespaces in one clone3.
#ifndef RUNTS_SPAWN_H
#define RUNTS_SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// A file descriptor that runts-init gets, and its number there.
struct kept_fd {
	int from, to;
};

struct spawn_request {
	const char *init; // path of the binary
	int program;      // what seal_program() has made of it, or -1: that is done then
	const void *plan;
	size_t plan_size;
	uint64_t clone_flags; // CLONE_NEW*
	int cgroup;           // directory fd for CLONE_INTO_CGROUP, or -1
	int stdio[3];
	const struct kept_fd *keep; // besides stdio; none stands on the number that another one gets
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

// A copy of the program at `path` that nobody can write to any more: whatever the container does through /proc/PID/exe, it
// never reaches a file of the host (CVE-2019-5736). A memfd, or -1 with `failed` and `error`.
int seal_program(const char *path, struct spawn_result *result);

// Starts runts-init, which waits for the first answer on the sync socket. Returns 0, or -1 with `failed` and `error`.
int spawn_init(const struct spawn_request *request, struct spawn_result *result);

#endif
