// What the launcher saw of its caller, as the text of RUNTS_LAUNCH.
#ifndef RUNTS_LAUNCHER_FACTS_H
#define RUNTS_LAUNCHER_FACTS_H

// One environment string may have 128 KiB (MAX_ARG_STRLEN).
enum { FACTS_SIZE = 120 * 1024 };

// Fills `text` with "RUNTS_LAUNCH=...". fds 0-2 must be open.
void record_facts(char text[FACTS_SIZE]);

#endif
