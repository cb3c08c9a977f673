// The way without an agent: this process becomes Node with the bundled CLI.
#ifndef RUNTS_LAUNCHER_DIRECT_H
#define RUNTS_LAUNCHER_DIRECT_H

#include "launcher.h"

// Does not return. With `failure` the call only tells that, as it tells any error of its own.
_Noreturn void call_directly(const struct call *call, const char *failure);

#endif
