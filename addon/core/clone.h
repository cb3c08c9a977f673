// Starting another program out of a process that may have threads, as Node has: the child runs in its parent's memory
// while the parent waits, and does nothing but system calls until it execs or exits. And a thread without a libc's help.
#ifndef RUNTS_CLONE_H
#define RUNTS_CLONE_H

#include <linux/sched.h>
#include <stdint.h>

// For the child's function: its frame never returns, so AddressSanitizer would leave red zones behind in memory that the
// parent goes on using.
#define IN_BORROWED_STACK __attribute__((no_sanitize("address")))

// clone3(2) with CLONE_VM, CLONE_VFORK and `flags`, into `cgroup` (a directory fd of cgroup v2, or -1), all signals blocked.
// What `child` returns becomes its exit status. Returns the pid and fills in `pidfd`, or -errno.
long vfork_call(uint64_t flags, int cgroup, int *pidfd, int (*child)(void *), void *argument);

// clone3(2) of a thread that runs `child` with all signals blocked and ends with it. One at a time: it has a static stack,
// and it shares the caller's errno. Returns its id, or -errno.
long thread_call(int (*child)(void *), void *argument);

// In the child: makes `fds`, whatever their numbers, 0, 1 and 2, and all others close-on-exec (CVE-2024-21626). Returns the
// system call that failed, with errno, or NULL.
const char *place_stdio(const int fds[3]);

// In the child: all signals have their default disposition and none is blocked.
void default_signals(void);

// waitid(2) for a child that must have ended or be about to: its exit code, or -1 and the signal that ended it.
int reap_child(int pidfd, int *signal);

#endif
