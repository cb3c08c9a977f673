// The environment that Node is started with.
#ifndef RUNTS_LAUNCHER_ENVIRONMENT_H
#define RUNTS_LAUNCHER_ENVIRONMENT_H

// The caller's environment, with every variable that Node or its libraries obey renamed to RUNTS_SCRUBBED_<name>
// (src/cli gives hooks the old names back), and with `facts` added. What the caller says under our own names is
// dropped. NULL when there is no memory.
char **node_environment(char *const caller[], char *facts);

#endif
