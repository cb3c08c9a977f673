// Whose a call is: the agent's, or still ours. An eventfd that goes with it holds a token, and who reads that has the call:
// the agent when it begins, or we when we have waited for long enough. The kernel sees to it that only one of us succeeds.
#ifndef RUNTS_LAUNCHER_CLAIM_H
#define RUNTS_LAUNCHER_CLAIM_H

#include <stdbool.h>
#include <sys/types.h>

// The eventfd, or -1.
int make_claim(void);

// Takes the call back: true when the agent has not begun. Otherwise it never will be possible, and `agent` becomes its pid
// as soon as that is known (else it stays 0).
bool withdraw(int claim, pid_t *agent);

#endif
