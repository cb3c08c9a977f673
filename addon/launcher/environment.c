#define _GNU_SOURCE
#include "environment.h"

#include <string.h>
#include <sys/mman.h>

#define SCRUBBED "RUNTS_SCRUBBED_"

// Prefixes of names. runc is a static program that none of these touch, so neither may they touch Node: some run code
// inside it (NODE_OPTIONS, LD_PRELOAD, OPENSSL_CONF), others change what it prints or how it allocates.
static const char *const obeyed_by_node[] = {
	"NODE_",     "BUN_",         "UV_",         "OPENSSL_", "SSL_CERT_",
	"ICU_DATA=", "FORCE_COLOR=", "NO_COLOR=",   "LD_",      "GLIBC_TUNABLES=",
	"GLIBCXX_",  "MALLOC_",      "GCONV_PATH=", "LOCPATH=",
};
#define FACTS "RUNTS_LAUNCH="
#define FAILURE "RUNTS_FAILURE="
static const char *const our_own[] = {FACTS, FAILURE, SCRUBBED};

static bool starts(const char *variable, const char *prefix) { return strncmp(variable, prefix, strlen(prefix)) == 0; }

static bool any(const char *variable, const char *const prefixes[], size_t count) {
	for (size_t i = 0; i < count; i++)
		if (starts(variable, prefixes[i]))
			return true;
	return false;
}
#define ANY(variable, prefixes) any(variable, prefixes, sizeof prefixes / sizeof *prefixes)

bool is_our_own(const char *variable) { return ANY(variable, our_own); }

// Puts `name` and `value` at `*text`, which it moves behind them.
static char *add(char **text, const char *name, const char *value) {
	char *variable = *text;
	*text = stpcpy(stpcpy(variable, name), value) + 1;
	return variable;
}

char **node_environment(char *const caller[], const char *facts, const char *failure) {
	size_t count = 0, bytes = sizeof FACTS + strlen(facts) + sizeof FAILURE + strlen(failure ? failure : "");
	for (; caller[count]; count++)
		bytes += strlen(caller[count]) + sizeof SCRUBBED;

	// One mapping holds the array and, behind it, the variables that are new or renamed.
	size_t array = (count + 3) * sizeof(char *);
	char *memory = mmap(NULL, array + bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;

	char **result = (char **)memory, **next = result, *text = memory + array;
	for (size_t i = 0; i < count; i++) {
		if (!is_our_own(caller[i]))
			*next++ = ANY(caller[i], obeyed_by_node) ? add(&text, SCRUBBED, caller[i]) : caller[i];
	}
	*next++ = add(&text, FACTS, facts);
	if (failure)
		*next++ = add(&text, FAILURE, failure);
	*next = NULL;
	return result;
}
