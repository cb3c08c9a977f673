// The readiness protocol of sd_notify(3), between a container and the service manager of whoever runs it.
#ifndef RUNTS_NOTIFY_H
#define RUNTS_NOTIFY_H

#include <stdbool.h>
#include <sys/types.h>

// A datagram socket at `path`, which may be longer than an address holds, that every user may send to. fd, or -1 with errno.
int notify_listen(const char *path);

// Takes one datagram, if there is one. True when a line of it is READY=1.
bool notify_is_ready(int listener);

// Tells the manager ("/path", or "@name" of an abstract socket) that the service is ready, and that `main` is its main
// process. 0, or -1 with errno.
int notify_manager(const char *manager, pid_t main);

// Waits until the manager has taken all that was sent before, at most `timeout_ms`. 0, or -1 with errno.
int notify_barrier(const char *manager, int timeout_ms);

#endif
