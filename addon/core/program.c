#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "clone.h"

enum { INPUT, OUTPUT, ERROR, STREAMS };

struct child {
	const struct program *program;
	pid_t parent;
	int ends[STREAMS]; // the program's ends of its pipes
	const char *failed;
	int error;
};

static int64_t now_ms(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int child_fails(struct child *child, const char *syscall) {
	child->error = errno;
	child->failed = syscall;
	return 127;
}

// Shares its parent's memory until execve: system calls only.
IN_BORROWED_STACK static int run_child(void *argument) {
	struct child *child = argument;
	const struct program *program = child->program;

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL); // a hook makes no sense without the one that it hooks into
	if (getppid() != child->parent) { // who may have been killed before that
		errno = ESRCH;
		return child_fails(child, "getppid");
	}
	const char *failed = place_stdio(child->ends);
	if (failed != NULL)
		return child_fails(child, failed);
	if (program->cwd != NULL && chdir(program->cwd) < 0)
		return child_fails(child, "chdir");

	default_signals();
	execve(program->path, (char *const *)program->args, (char *const *)program->env);
	return child_fails(child, "execve");
}

static void close_pair(int pair[2]) {
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
}

// Reads what is there, up to a pipe's worth, into a buffer that keeps the beginning; returns false at end of file.
static bool drain(int fd, char *text, size_t *size) {
	char scrap[PROGRAM_OUTPUT_MAX];
	for (int round = 0; round < 16; round++) {
		size_t room = PROGRAM_OUTPUT_MAX - *size;
		ssize_t got = room > 0 ? read(fd, text + *size, room) : read(fd, scrap, sizeof scrap);
		if (got > 0 && room > 0)
			*size += (size_t)got;
		if (got == 0)
			return false;
		if (got < 0)
			return errno == EAGAIN || errno == EINTR;
	}
	return true;
}

static void close_end(int *fd) {
	close(*fd);
	*fd = -1;
}

// Feeds and drains the program until it has ended. A grandchild that keeps a pipe open does not hold us up.
static void converse(const struct program *program, struct program_result *result, int pidfd, pid_t pid,
		     int fds[STREAMS]) {
	int64_t deadline = program->timeout_ms == 0 ? INT64_MAX : now_ms() + program->timeout_ms;
	size_t sent = 0;
	for (;;) {
		if (fds[INPUT] >= 0 && sent == program->input_size)
			close_end(&fds[INPUT]);
		struct pollfd events[STREAMS + 1] = {{fds[INPUT], POLLOUT, 0},
						     {fds[OUTPUT], POLLIN, 0},
						     {fds[ERROR], POLLIN, 0},
						     {pidfd, POLLIN, 0}};
		int64_t left = deadline == INT64_MAX ? -1 : deadline - now_ms();
		if (deadline != INT64_MAX && left <= 0) {
			result->timed_out = true;
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			return;
		}
		if (poll(events, STREAMS + 1, (int)(left > 60000 ? 60000 : left)) < 0 && errno != EINTR)
			return;
		if (events[INPUT].revents != 0) {
			ssize_t written = write(fds[INPUT], program->input + sent, program->input_size - sent);
			if (written >= 0)
				sent += (size_t)written;
			else if (errno != EAGAIN && errno != EINTR)
				close_end(&fds[INPUT]); // a hook need not read its state
		}
		if (events[OUTPUT].revents != 0 && !drain(fds[OUTPUT], result->stdout_text, &result->stdout_size))
			close_end(&fds[OUTPUT]);
		if (events[ERROR].revents != 0 && !drain(fds[ERROR], result->stderr_text, &result->stderr_size))
			close_end(&fds[ERROR]);
		if (events[STREAMS].revents != 0) {
			if (fds[OUTPUT] >= 0)
				drain(fds[OUTPUT], result->stdout_text, &result->stdout_size);
			if (fds[ERROR] >= 0)
				drain(fds[ERROR], result->stderr_text, &result->stderr_size);
			return;
		}
	}
}

static int start_and_wait(struct child *child, struct program_result *result, int pipes[STREAMS][2]) {
	int pidfd = -1;
	// A caller that ignores SIGCHLD would have its children reaped before we can ask how they ended.
	struct sigaction standard = {.sa_handler = SIG_DFL}, child_action;
	sigaction(SIGCHLD, NULL, &child_action);
	if (child_action.sa_handler == SIG_IGN)
		sigaction(SIGCHLD, &standard, NULL);
	long pid = vfork_call(0, -1, &pidfd, run_child, child);
	if (pid < 0) {
		result->failed = "clone3";
		result->error = (int)-pid;
		return -1;
	}
	for (int i = 0; i < STREAMS; i++)
		close_end(&pipes[i][i == INPUT ? 0 : 1]);

	int ours[STREAMS] = {pipes[INPUT][1], pipes[OUTPUT][0], pipes[ERROR][0]};
	if (child->failed == NULL) {
		struct sigaction ignore = {.sa_handler = SIG_IGN}, pipe_action;
		sigaction(SIGPIPE, &ignore, &pipe_action);
		converse(child->program, result, pidfd, (pid_t)pid, ours);
		sigaction(SIGPIPE, &pipe_action, NULL);
	}
	for (int i = 0; i < STREAMS; i++) {
		if (ours[i] >= 0)
			close(ours[i]);
		pipes[i][i == INPUT ? 1 : 0] = -1;
	}
	result->code = reap_child(pidfd, &result->signal);
	if (child_action.sa_handler == SIG_IGN)
		sigaction(SIGCHLD, &child_action, NULL);
	close(pidfd);
	result->failed = child->failed;
	result->error = child->error;
	return child->failed == NULL ? 0 : -1;
}

int run_program(const struct program *program, struct program_result *result) {
	memset(result, 0, sizeof *result);
	result->code = -1;
	int pipes[STREAMS][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
	struct child child = {.program = program, .parent = getpid()};
	for (int i = 0; i < STREAMS; i++) {
		if (pipe2(pipes[i], O_CLOEXEC) < 0) {
			result->failed = "pipe2";
			result->error = errno;
			for (int j = 0; j < i; j++)
				close_pair(pipes[j]);
			return -1;
		}
		child.ends[i] = pipes[i][i == INPUT ? 0 : 1];
		fcntl(pipes[i][i == INPUT ? 1 : 0], F_SETFL, O_NONBLOCK);
	}
	int outcome = start_and_wait(&child, result, pipes);
	for (int i = 0; i < STREAMS; i++)
		close_pair(pipes[i]);
	return outcome;
}
