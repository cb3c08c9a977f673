// What the parts of the launcher share.
#ifndef RUNTS_LAUNCHER_H
#define RUNTS_LAUNCHER_H

// A call of runts: as it was made by our caller, or one that the agent asks for at the end of another.
struct call {
	char **args;       // NULL-terminated, without the program's own name
	const char *facts; // the text of RUNTS_LAUNCH
};

#endif
