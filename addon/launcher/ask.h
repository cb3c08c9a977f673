// The call as it goes to the agent.
#ifndef RUNTS_LAUNCHER_ASK_H
#define RUNTS_LAUNCHER_ASK_H

#include "launcher.h"
#include "plan.h"

// Sends the call, with the claim and the working directory. 0, or -1.
int send_call(int agent, const struct call *call, const int fds[2], struct arena *arena);

#endif
