// Waiting for the agent to say something, and for how long.
#ifndef RUNTS_LAUNCHER_WAIT_H
#define RUNTS_LAUNCHER_WAIT_H

#include <sys/types.h>

enum wait { WAIT_HEARD, WAIT_WITHDRAWN, WAIT_STOPPED };

// HEARD: there is something to read, if only the end. WITHDRAWN: it does not begin, and the call has been taken back.
// STOPPED: it has begun, and been stopped since. `agent` becomes its pid when that is found out.
enum wait wait_for_agent(int connection, int claim, pid_t *agent);

#endif
