// The environment that Node is started with.
#ifndef RUNTS_LAUNCHER_ENVIRONMENT_H
#define RUNTS_LAUNCHER_ENVIRONMENT_H

#include <stdbool.h>

// The caller's environment, with every variable that Node or its libraries obey renamed to RUNTS_SCRUBBED_<name>
// (src/cli gives hooks the old names back), and with RUNTS_LAUNCH and, unless it is NULL, RUNTS_FAILURE added. What the
// caller says under our own names is dropped. NULL when there is no memory.
char **node_environment(char *const caller[], const char *facts, const char *failure);

// Whether a variable ("NAME=value") has a name that is for us alone to use.
bool is_our_own(const char *variable);

#endif
