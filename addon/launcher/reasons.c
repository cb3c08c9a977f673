#include "reasons.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "messages.gen.h"

// The agent's fds keep their numbers in runts-init: they must be below the limit (messages.ts).
#define LEAST_NOFILE 512
// Room below those numbers for what this process opens and is sent, as a new fd gets the lowest free number: a call is a
// dozen of them, whatever its config.
#define OWN_FDS 64

// Paths that would mean something of the agent's own to it.
static bool names_own_files(char *const args[]) {
	static const char *const own[] = {"/dev/fd/", "/dev/std", "/proc/self", "/proc/thread-self"};
	for (; *args; args++)
		for (size_t i = 0; i < sizeof own / sizeof *own; i++)
			if (strstr(*args, own[i]))
				return true;
	return false;
}

const char *reason_against(const struct call *call, const struct facts *facts) {
	if (facts->nofile < LEAST_NOFILE)
		return "the limit of open files is below 512";
	if (facts->last_fd >= FIRST_AGENT_FD)
		return "a file descriptor above 255 is open";
	if (facts->fd_count > FIRST_AGENT_FD - OWN_FDS)
		return "more than 192 file descriptors are open";
	if (getenv("NOTIFY_SOCKET") != NULL)
		return "NOTIFY_SOCKET wants to hear of this very process";
	if (names_own_files(call->args))
		return "an argument names a file of this very process";
	return NULL;
}
