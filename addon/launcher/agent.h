// Having a call answered by the resident agent (docs/resident.md): it decides, in a process that is warm already, and has
// this one do what has to be done by the process that the caller has started.
#ifndef RUNTS_LAUNCHER_AGENT_H
#define RUNTS_LAUNCHER_AGENT_H

#include <stdbool.h>

#include "facts.h"
#include "launcher.h"

enum outcome {
	ANSWER_DIRECT,     // not answered, and nothing has been done
	ANSWER_EXIT,       // done, with `code`
	ANSWER_CALL_AGAIN, // done, but for what has been put into `call`
};

struct answer {
	enum outcome outcome;
	int code;
};

// Whether the agent is to be asked at all. RUNTS_AGENT=never forbids it; with RUNTS_AGENT=always the reason against it
// becomes `failure`.
bool may_ask_agent(const struct call *call, const struct facts *facts, const char **failure);

// ANSWER_DIRECT comes with a `failure` when the call may have begun, and with RUNTS_AGENT=always.
struct answer ask_agent(struct call *call, const char **failure);

#endif
