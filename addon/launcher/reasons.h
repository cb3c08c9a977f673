// Why a call is not for the agent, as far as that shows before it is asked.
#ifndef RUNTS_LAUNCHER_REASONS_H
#define RUNTS_LAUNCHER_REASONS_H

#include "facts.h"
#include "launcher.h"

// NULL when there is no reason.
const char *reason_against(const struct call *call, const struct facts *facts);

#endif
