// The way to the agent's socket.
#ifndef RUNTS_LAUNCHER_CONNECT_H
#define RUNTS_LAUNCHER_CONNECT_H

// A connection to an agent of our own user for a call with these arguments, or -1 with the reason.
int connect_to_agent(char *const args[], const char **reason);

#endif
