// What the agent has this process do, as the container is to be a child of it.
#ifndef RUNTS_LAUNCHER_SERVE_H
#define RUNTS_LAUNCHER_SERVE_H

#include "plan.h"

// A message of the agent: a reader of its body, and its file descriptors, which are closed by whoever handles it.
struct received {
	uint32_t type;
	struct plan_reader body;
	uint32_t fd_count;
	const int *fds;
};

// Each answers over `agent`; 0, or -1 when it is gone or does not make sense.
int serve_spawn(int agent, struct received *message);
int serve_reap(int agent, struct received *message);
int serve_program(int agent, struct received *message);
int serve_send_fd(int agent, struct received *message);

// Stays with the container until its program has ended; sets `code`, as shells have it, and `removal` to the call that is
// then to be made, if there is one. 0, or -1 as above.
int serve_stay(struct received *message, int *code, char ***removal);

#endif
