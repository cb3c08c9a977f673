#ifndef RUNTS_CLONE_H
#define RUNTS_CLONE_H

#include <linux/sched.h>
#include <stdint.h>

// For the child's function: its frame never returns, so AddressSanitizer would leave red zones behind in memory that the
// parent goes on using.
#define IN_BORROWED_STACK __attribute__((no_sanitize("address")))

// clone3(2) with a function for the child, which runs on the stack given in `args` (required with CLONE_VM) and whose
// return value becomes its exit status. Neither libc offers this; vfork-like use needs it, as the child must not
// return into the frame that its waiting parent will go on with. Returns the pid, or -errno.
long clone3_call(const struct clone_args *args, int (*child)(void *), void *argument);

#endif
