// Hooks that run in the container's namespaces, and the pause for those that run in the runtime's.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/program.h"
#include "init.h"

int do_runtime_hooks(struct init *init, const struct op_runtime_hooks *op) {
	(void)op;
	struct message message = {.type = MESSAGE_RUNTIME_HOOKS, .step = init->step};
	if (message_send(init->sync, &message, -1) < 0 || message_wait_answer(init->sync) < 0)
		return fails(init, "recv", "sync socket");
	return 0;
}

// Facts for the runtime to word: "exit 1", "signal 9" or "timeout", then stdout and stderr, set off by \x1f.
static void describe(char *text, size_t size, const struct program_result *result) {
	char how[32];
	if (result->timed_out)
		snprintf(how, sizeof how, "timeout");
	else if (result->signal != 0)
		snprintf(how, sizeof how, "signal %d", result->signal);
	else
		snprintf(how, sizeof how, "exit %d", result->code);
	int third = (int)(size - sizeof how) / 2 - 2;
	int out = (int)result->stdout_size < third ? (int)result->stdout_size : third;
	int err = (int)result->stderr_size < third ? (int)result->stderr_size : third;
	snprintf(text, size, "%s\x1f%.*s\x1f%.*s", how, out, result->stdout_text, err, result->stderr_text);
}

int do_hook(struct init *init, const struct op_hook *op) {
	static struct program_result result;
	size_t size = strlen(op->state_head) + strlen(op->state_tail) + 16;
	char *state = arena_take(&init->arena, size);
	if (state == NULL)
		return fails(init, "mmap", op->path);
	int length = snprintf(state, size, "%s%d%s", op->state_head, (int)getpid(), op->state_tail);
	struct program program = {
		.path = op->path,
		.args = op->args.items,
		.env = op->env.items,
		.input = state,
		.input_size = (size_t)length,
		.timeout_ms = op->timeout_ms,
	};
	// Until the `umask` step, which comes after the switch of roots, ours is 0: nobody's wish for a hook.
	// As runc has it, createContainer hooks run in the rootfs.
	if (!init->pivoted && fchdir(init->root) < 0)
		return fails(init, "fchdir", "rootfs");
	mode_t ours = umask(0);
	umask(init->pivoted ? ours : init->umask);
	int outcome = run_program(&program, &result);
	umask(ours);
	if (outcome < 0) {
		errno = result.error;
		return fails(init, result.failed, op->path);
	}
	if (result.code == 0 && !result.timed_out)
		return 0;
	char text[DETAIL_MAX];
	describe(text, sizeof text, &result);
	errno = ECANCELED;
	return fails_with(init, "hook", op->path, text);
}
