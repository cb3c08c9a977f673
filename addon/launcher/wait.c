#define _GNU_SOURCE
#include "wait.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"

// How long an agent that is at work on other calls is waited for: some ten times what it takes to start Node instead.
#define PATIENCE_MS 250
// How often it is looked, while nothing is heard, whether it has been stopped.
#define LOOK_EVERY_MS 1000

// Whether the process has been stopped (SIGSTOP, a debugger).
static bool is_stopped(pid_t pid) {
	char path[32], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = file < 0 ? -1 : read(file, text, sizeof text - 1);
	if (file >= 0)
		close(file);
	text[size < 0 ? 0 : size] = '\0';
	const char *state = strrchr(text, ')');
	return state != NULL && (state[2] == 'T' || state[2] == 't');
}

enum wait wait_for_agent(int connection, int claim, pid_t *agent) {
	struct pollfd event = {connection, POLLIN, 0};
	for (int patience = PATIENCE_MS;; patience = LOOK_EVERY_MS) {
		int ready = poll(&event, 1, patience);
		if (ready > 0)
			return WAIT_HEARD;
		if (ready < 0)
			continue; // EINTR: signals are held for the container
		if (*agent == 0 && withdraw(claim, agent))
			return WAIT_WITHDRAWN;
		if (*agent != 0 && is_stopped(*agent))
			return WAIT_STOPPED;
	}
}
