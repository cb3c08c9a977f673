// Running a hook: in a process group of its own, with a deadline, its output captured. Used by the runtime (prestart,
// createRuntime, poststart, poststop) and by runts-init (createContainer, startContainer).
#ifndef RUNTS_PROGRAM_H
#define RUNTS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_OUTPUT_MAX 4096

struct program {
	const char *path;
	const char *const *args; // NULL-terminated, argv[0] first
	const char *const *env;
	const char *cwd; // NULL: as it is
	const char *input;
	size_t input_size;
	uint32_t timeout_ms; // 0: none
};

struct program_result {
	int code;   // exit code, or -1
	int signal; // that ended it, or 0
	bool timed_out;
	size_t stdout_size, stderr_size;
	char stdout_text[PROGRAM_OUTPUT_MAX], stderr_text[PROGRAM_OUTPUT_MAX];
	const char *failed; // the system call that kept it from running
	int error;
};

// Returns 0 when the program ran and ended, or was killed at its deadline; -1 when it could not be started.
int run_program(const struct program *program, struct program_result *result);

#endif
