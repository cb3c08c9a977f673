#define _GNU_SOURCE
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clone.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U // Linux 6.3; needed where vm.memfd_noexec is 1
#endif
#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int fail(struct spawn_result *result, const char *syscall) {
	result->error = errno;
	result->failed = syscall;
	return -1;
}

static int write_all(int fd, const char *data, size_t size) {
	while (size > 0) {
		ssize_t written = write(fd, data, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		data += written;
		size -= (size_t)written;
	}
	return 0;
}

static int make_memfd(const char *name, unsigned extra) {
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | extra);
	if (fd < 0 && errno == EINVAL && extra != 0) // before Linux 6.3
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

int seal_program(const char *path, struct spawn_result *result) {
	int from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return fail(result, "open runts-init");
	struct stat status;
	int copy = fstat(from, &status) < 0 ? -1 : make_memfd("runts-init", MFD_EXEC);
	bool done = copy >= 0;
	if (!done)
		fail(result, "memfd_create");
	while (done && status.st_size > 0) {
		ssize_t sent = sendfile(copy, from, NULL, (size_t)status.st_size);
		if (sent <= 0) {
			if (sent == 0)
				errno = EIO;
			fail(result, "sendfile");
			done = false;
		} else {
			status.st_size -= sent;
		}
	}
	if (done && fcntl(copy, F_ADD_SEALS, ALL_SEALS) < 0) {
		fail(result, "fcntl F_ADD_SEALS");
		done = false;
	}
	close(from);
	if (!done && copy >= 0)
		close(copy);
	return done ? copy : -1;
}

static int plan_file(const void *plan, size_t size, struct spawn_result *result) {
	int fd = make_memfd("runts-plan", 0);
	if (fd < 0)
		return fail(result, "memfd_create");
	if (write_all(fd, plan, size) < 0) {
		fail(result, "write");
		close(fd);
		return -1;
	}
	return fd;
}

struct child {
	const struct spawn_request *request;
	int program, plan, sync;
	char sync_text[12], plan_text[12];
	int error;          // set by the child: they share memory
	const char *failed; // likewise
};

static int child_fails(struct child *child, const char *syscall) {
	child->error = errno;
	child->failed = syscall;
	return 127;
}

// Runs in the parent's memory while the parent waits: system calls only, nothing that takes a lock or allocates.
IN_BORROWED_STACK static int run_child(void *argument) {
	struct child *child = argument;
	const struct spawn_request *request = child->request;

	const char *failed = place_stdio(request->stdio);
	if (failed != NULL)
		return child_fails(child, failed);
	for (size_t i = 0; i < request->keep_count; i++) {
		const struct kept_fd *kept = &request->keep[i];
		if (kept->from == kept->to ? fcntl(kept->from, F_SETFD, 0) < 0 : dup2(kept->from, kept->to) < 0)
			return child_fails(child, "dup2");
	}
	if (fcntl(child->sync, F_SETFD, 0) < 0 || fcntl(child->plan, F_SETFD, 0) < 0)
		return child_fails(child, "fcntl F_SETFD");

	char *arguments[] = {(char *)"runts-init", child->sync_text, child->plan_text, NULL};
	char *environment[] = {NULL};
	syscall(SYS_execveat, child->program, "", arguments, environment, AT_EMPTY_PATH);
	return child_fails(child, "execveat runts-init");
}

static int clone_child(struct child *child, struct spawn_result *result) {
	const struct spawn_request *request = child->request;
	long pid = vfork_call(request->clone_flags, request->cgroup, &result->pidfd, run_child, child);
	if (pid < 0) {
		errno = (int)-pid;
		return fail(result, "clone3");
	}
	result->pid = (pid_t)pid;
	if (child->failed == NULL)
		return 0;
	// It ended before it became runts-init.
	int signal;
	reap_child(result->pidfd, &signal);
	close(result->pidfd);
	result->error = child->error;
	result->failed = child->failed;
	return -1;
}

int spawn_init(const struct spawn_request *request, struct spawn_result *result) {
	*result = (struct spawn_result){.pid = -1, .pidfd = -1, .sync = -1};
	struct child child = {.request = request, .program = -1, .plan = -1, .sync = -1};
	int pair[2] = {-1, -1};
	int outcome = -1;

	child.program = request->program >= 0 ? request->program : seal_program(request->init, result);
	if (child.program < 0)
		goto done;
	child.plan = plan_file(request->plan, request->plan_size, result);
	if (child.plan < 0)
		goto done;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		fail(result, "socketpair");
		goto done;
	}
	child.sync = pair[1];
	snprintf(child.sync_text, sizeof child.sync_text, "%d", child.sync);
	snprintf(child.plan_text, sizeof child.plan_text, "%d", child.plan);
	outcome = clone_child(&child, result);
done:
	// Without our copy of the child's end, its death is an end of file for us.
	if (pair[1] >= 0)
		close(pair[1]);
	if (outcome == 0)
		result->sync = pair[0];
	else if (pair[0] >= 0)
		close(pair[0]);
	if (child.program >= 0 && child.program != request->program)
		close(child.program);
	if (child.plan >= 0)
		close(child.plan);
	return outcome;
}
