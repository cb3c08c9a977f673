#define _GNU_SOURCE
#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "channel.h"
#include "clone.h"
#include "messages.gen.h"
#include "program.h"
#include "send-fd.h"
#include "spawn.h"
#include "supervise.h"

static void close_all(const struct received *message) {
	for (uint32_t i = 0; i < message->fd_count; i++)
		close(message->fds[i]);
}

// What became of fd `number` of the agent: it has come with the message, as numbers[i] behind `ahead` others. Lower numbers
// are our own.
static int local_fd(const struct received *message, const struct u32_list *numbers, uint32_t ahead, int64_t number) {
	if (number < FIRST_AGENT_FD)
		return (int)number;
	for (uint32_t i = 0; i < numbers->count; i++) {
		if (numbers->items[i] == number && ahead + i < message->fd_count)
			return message->fds[ahead + i];
	}
	return -1;
}

static int answer(int agent, uint32_t type, struct writer (*write)(uint8_t *, const void *), const void *fields,
		  struct arena *arena, const int fds[2]) {
	size_t size = write(NULL, fields).size;
	uint8_t *body = arena_take(arena, size);
	if (body == NULL)
		return -1;
	write(body, fields);
	return channel_send(agent, type, body, size, fds, fds == NULL ? 0 : 2);
}

#define WRITER(name) \
	static struct writer put_##name(uint8_t *at, const void *fields) { \
		struct writer writer = {at, 0}; \
		write_agent_##name(&writer, fields); \
		return writer; \
	}
WRITER(spawned)
WRITER(reaped)
WRITER(ran)
WRITER(sent)

static int spawn_for(const struct agent_spawn *wanted, const struct received *message, struct spawn_result *result) {
	struct kept_fd kept[CHANNEL_FDS];
	if (message->fd_count == 0 || wanted->keep.count > CHANNEL_FDS || wanted->stdio.count != 3)
		return -1;
	struct spawn_request request = {
		.init = "",
		.program = message->fds[0],
		.plan = wanted->plan.items,
		.plan_size = wanted->plan.length,
		.clone_flags = wanted->clone_flags,
		.cgroup = wanted->cgroup < 0 ? -1 : local_fd(message, &wanted->numbers, 1, wanted->cgroup),
		.keep = kept,
		.keep_count = wanted->keep.count,
	};
	for (int i = 0; i < 3; i++)
		request.stdio[i] = local_fd(message, &wanted->numbers, 1, wanted->stdio.items[i]);
	for (uint32_t i = 0; i < wanted->keep.count; i++) {
		int number = (int)wanted->keep.items[i];
		kept[i] = (struct kept_fd){local_fd(message, &wanted->numbers, 1, number), number};
	}
	if (wanted->hold_signals && hold_signals() < 0) {
		*result = (struct spawn_result){.failed = "pipe2", .error = errno};
		return 0;
	}
	if (wanted->subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (spawn_init(&request, result) == 0)
		result->error = 0;
	return 0;
}

int serve_spawn(int agent, struct received *message) {
	struct agent_spawn wanted;
	struct spawn_result result;
	read_agent_spawn(&message->body, &wanted);
	int outcome = message->body.failed ? -1 : spawn_for(&wanted, message, &result);
	close_all(message);
	if (outcome < 0)
		return -1;
	const struct agent_spawned fields = {result.pid, result.error, result.error ? result.failed : ""};
	const int fds[2] = {result.pidfd, result.sync};
	outcome = answer(agent, AGENT_SPAWNED, put_spawned, &fields, message->body.arena, result.error ? NULL : fds);
	if (result.error == 0) {
		close(result.pidfd);
		close(result.sync);
	}
	return outcome;
}

int serve_reap(int agent, struct received *message) {
	struct agent_reaped fields = {.code = -1};
	if (message->fd_count == 1) {
		errno = 0;
		fields.code = reap_child(message->fds[0], &fields.signal);
		fields.error = fields.code < 0 && fields.signal == 0 ? (errno ? errno : ECHILD) : 0;
	}
	close_all(message);
	return message->fd_count == 1 ? answer(agent, AGENT_REAPED, put_reaped, &fields, message->body.arena, NULL)
				      : -1;
}

int serve_program(int agent, struct received *message) {
	static struct program_result result;
	struct agent_program wanted;
	read_agent_program(&message->body, &wanted);
	close_all(message);
	if (message->body.failed)
		return -1;
	const struct program program = {
		.path = wanted.path,
		.args = wanted.args.items,
		.env = wanted.env.items,
		.cwd = wanted.cwd[0] == '\0' ? NULL : wanted.cwd,
		.input = (const char *)wanted.input.items,
		.input_size = wanted.input.length,
		.timeout_ms = wanted.timeout_ms,
	};
	int failed = run_program(&program, &result) < 0;
	const struct agent_ran fields = {
		.code = result.code,
		.signal = result.signal,
		.timed_out = result.timed_out,
		.output = {(uint32_t)result.stdout_size, (const uint8_t *)result.stdout_text},
		.errors = {(uint32_t)result.stderr_size, (const uint8_t *)result.stderr_text},
		.error = failed ? result.error : 0,
		.syscall = failed ? result.failed : "",
	};
	return answer(agent, AGENT_RAN, put_ran, &fields, message->body.arena, NULL);
}

int serve_send_fd(int agent, struct received *message) {
	struct agent_send_fd wanted;
	const char *failed = "";
	read_agent_send_fd(&message->body, &wanted);
	int fd = message->fd_count > 0 ? message->fds[0] : -1, outcome = -1;
	if (!message->body.failed)
		outcome = send_fd_to(wanted.path, wanted.payload.items, wanted.payload.length, fd, &failed);
	const struct agent_sent fields = {outcome < 0 ? errno : 0, outcome < 0 ? failed : ""};
	close_all(message);
	return message->body.failed ? -1 : answer(agent, AGENT_SENT, put_sent, &fields, message->body.arena, NULL);
}

// The exit code completes the last argument.
static char **with_code(const struct string_list *args, int code, struct arena *arena) {
	char **copy = arena_take(arena, (args->count + 1) * sizeof *copy);
	const char *last = args->items[args->count - 1];
	size_t size = strlen(last) + sizeof "255";
	char *completed = arena_take(arena, size);
	if (copy == NULL || completed == NULL)
		return NULL;
	memcpy(copy, args->items, (args->count + 1) * sizeof *copy);
	snprintf(completed, size, "%s%d", last, code);
	copy[args->count - 1] = completed;
	return copy;
}

int serve_stay(struct received *message, int *code, char ***removal) {
	struct agent_stay wanted;
	read_agent_stay(&message->body, &wanted);
	if (message->body.failed || message->fd_count == 0 || wanted.stdio.count != 3)
		return -1;
	struct supervision job = {.pidfd = message->fds[0], .pid = wanted.pid, .listener = -1, .manager = ""};
	job.master = wanted.master < 0 ? -1 : local_fd(message, &wanted.numbers, 1, wanted.master);
	for (uint32_t i = 0; i < 3; i++)
		job.pipes[i] =
			wanted.pipes.count == 3 ? local_fd(message, &wanted.numbers, 1, wanted.pipes.items[i]) : -1;
	job.in = (int)wanted.stdio.items[0];
	job.out = (int)wanted.stdio.items[1];
	job.err = (int)wanted.stdio.items[2];
	(void)!write(STDERR_FILENO, wanted.errors.items, wanted.errors.length);
	if (supervise(&job) < 0)
		return -1;
	*code = job.code >= 0 ? job.code : 128 + job.signal;
	*removal = wanted.removal.count == 0 ? NULL : with_code(&wanted.removal, *code, message->body.arena);
	return 0;
}
