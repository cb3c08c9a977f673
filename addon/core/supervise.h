// A foreground container: signals, terminal and children, until its first process has ended.
#ifndef RUNTS_SUPERVISE_H
#define RUNTS_SUPERVISE_H

#include <sys/types.h>

// From now on catchable signals are queued for supervise() instead of acting on us. 0, or -1 with errno.
int hold_signals(void);

// A pty that is relayed to a terminal: a newline returns the carriage in that one, not in the pty. Before anything is
// written to it. 0, or -1 with errno.
int leave_newlines(int master);

struct supervision {
	int pidfd;
	pid_t pid;           // our child
	int master;          // of the container's pty, or -1
	int pipes[3];        // our ends of the container's stdin, stdout and stderr, or -1; closed on return
	int in, out, err;    // what these are relayed to
	int listener;        // where the program says that it is ready (notify.h), or -1; closed on return
	const char *manager; // whom that is passed on to
	int code;            // set on return: exit code, or -1
	int signal;          // set on return: the signal that ended it, or 0
};

// Forwards queued and new signals, relays the terminal or the pipes, reaps every child. Returns 0 when `pid` has ended.
int supervise(struct supervision *job);

#endif
