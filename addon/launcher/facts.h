// What the launcher saw of its caller, as the text of RUNTS_LAUNCH.
#ifndef RUNTS_LAUNCHER_FACTS_H
#define RUNTS_LAUNCHER_FACTS_H

#include <stdint.h>

// One environment string may have 128 KiB (MAX_ARG_STRLEN).
enum { FACTS_SIZE = 120 * 1024 };

// Some of them once more, for the launcher itself.
struct facts {
	uint64_t nofile; // the soft limit
	int last_fd;     // the highest that is open; 2 when there are none but the standard streams
	int fd_count;    // of all that are open, those included
};

// Fills `text` with what RUNTS_LAUNCH is to say. fds 0-2 must be open.
struct facts record_facts(char text[FACTS_SIZE]);

#endif
