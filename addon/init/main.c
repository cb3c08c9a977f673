// runts-init SYNC PLAN: started by the runtime with two inherited fds, the sync socket and a memfd with the plan.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

int fails(struct init *init, const char *syscall, const char *object) {
	init->failure.error = errno;
	init->failure.syscall = syscall;
	init->failure.object = object;
	init->failure.detail[0] = 0;
	return -1;
}

int fails_with(struct init *init, const char *syscall, const char *object, const char *detail) {
	fails(init, syscall, object);
	snprintf(init->failure.detail, sizeof init->failure.detail, "%s", detail);
	return -1;
}

void warn(struct init *init, const char *syscall, const char *object) {
	struct message message = {
		.type = MESSAGE_WARNING, .step = init->step, .error = errno, .syscall = syscall, .object = object};
	if (!init->channel_is_fifo)
		message_send(init->channel, &message, -1);
}

void report_failure(struct init *init) {
	struct message message = {
		.type = MESSAGE_FAILED,
		.step = init->step,
		.error = init->failure.error,
		.syscall = init->failure.syscall,
		.object = init->failure.object,
		.detail = init->failure.detail,
	};
	if (init->channel_is_fifo) {
		char buffer[MESSAGE_MAX];
		size_t size = message_pack(&message, buffer);
		if (write(init->channel, buffer, size) < 0) // nobody listens: the exit code has to tell it all
			end(1);
	} else {
		message_send(init->channel, &message, -1);
	}
	end(1);
}

void end(int code) {
	syscall(SYS_exit_group, code);
	// A filter of the user's may refuse even that, and libc would try for ever; a fault ends anybody.
	__builtin_trap();
}

static void load_plan(struct init *init, int fd, struct plan *plan) {
	struct stat status;
	void *data = MAP_FAILED;
	if (fstat(fd, &status) == 0 && status.st_size > 0)
		data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED) {
		fails(init, "mmap", "plan");
		report_failure(init);
	}
	close(fd);
	static const char *const problems[] = {"", "truncated", "made by another build of runts", "malformed",
					       "out of memory"};
	enum plan_error error = plan_decode(data, (size_t)status.st_size, &init->arena, plan);
	if (error != PLAN_OK) {
		errno = EPROTO;
		fails_with(init, "plan", "plan", problems[error]);
		report_failure(init);
	}
}

static int run_step(struct init *init, const struct operation *step) {
	switch (step->opcode) {
#define RUN(upper, lower) \
	case OP_##upper: \
		return do_##lower(init, &step->u.lower);
		RUNTS_OPERATIONS(RUN)
#undef RUN
	case OP_COUNT:
		break;
	}
	errno = ENOSYS;
	return fails(init, "plan", "operation");
}

static const struct op_exec *find_program(const struct plan *plan) {
	for (uint32_t i = 0; i < plan->count; i++) {
		if (plan->steps[i].opcode == OP_EXEC)
			return &plan->steps[i].u.exec;
	}
	return NULL;
}

int main(int count, char **arguments) {
	if (count != 3) {
		static const char text[] = "runts-init is started by runts, not by hand\n";
		return write(2, text, sizeof text - 1) < 0 ? 1 : 1;
	}
	// Nobody may trace us, or open our files through /proc, before we have dropped what we must not pass on
	// (CVE-2016-9962). Dying with the runtime holds until the `ready` step.
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "runts:[2:INIT]");

	static struct init init = {.root = -1, .procfs = -1, .timens_offsets = -1};
	init.umask = umask(0);
	init.sync = init.channel = atoi(arguments[1]);
	struct plan plan;
	struct message hello = {.type = MESSAGE_HELLO, .syscall = RUNTS_BUILD_ID};
	if (message_send(init.sync, &hello, -1) < 0)
		return 1;
	load_plan(&init, atoi(arguments[2]), &plan);
	init.program = find_program(&plan);
	if (init.program == NULL) {
		errno = EPROTO;
		fails_with(&init, "plan", "plan", "it has no exec step");
		report_failure(&init);
	}
	// All that we open ourselves from here on is close-on-exec too: only what was asked for reaches the program.
	if (syscall(SYS_close_range, 3 + init.program->preserve, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
		fails(&init, "close_range", "");
		report_failure(&init);
	}
	if (message_wait_answer(init.sync) < 0) // the runtime is gone
		return 1;
	for (init.step = 0; init.step < plan.count; init.step++) {
		if (run_step(&init, &plan.steps[init.step]) < 0)
			report_failure(&init);
	}
	return 1; // the exec step does not come back
}
