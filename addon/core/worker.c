#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clone.h"

#define ARGUMENTS_MAX 8

struct child {
	const struct worker *worker;
	const char *args[ARGUMENTS_MAX + 1];
	char socket_text[12];
	int null, socket;
	const char *failed; // set by the child: they share memory
	int error;          // likewise
};

static int fail(struct worker_result *result, const char *syscall, int error) {
	result->failed = syscall;
	result->error = error;
	return -1;
}

static int child_fails(struct child *child, const char *syscall) {
	child->error = errno;
	child->failed = syscall;
	return 127;
}

IN_BORROWED_STACK static const char *bind_root(const struct worker *worker) {
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return "mount MS_SLAVE";
	return mount(worker->root, worker->root_target, NULL, MS_BIND | MS_REC, NULL) < 0 ? "mount MS_BIND" : NULL;
}

// Sent, as they cannot be opened from outside of its mount namespace, in which criu is going to mount below them.
IN_BORROWED_STACK static const char *send_directories(const struct child *child) {
	const struct worker *worker = child->worker;
	union {
		char bytes[CMSG_SPACE(sizeof(int) * WORKER_DIRECTORIES_MAX)];
		struct cmsghdr align;
	} control = {0};
	char nothing = 0;
	struct iovec part = {&nothing, 1};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes};
	header.msg_controllen = CMSG_SPACE(sizeof(int) * worker->directory_count);
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int) * worker->directory_count);
	for (size_t i = 0; i < worker->directory_count; i++) {
		int fd = open(worker->directories[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return "open";
		__builtin_memcpy(CMSG_DATA(rights) + i * sizeof fd, &fd, sizeof fd);
	}
	return sendmsg(child->socket, &header, MSG_NOSIGNAL) < 0 ? "sendmsg" : NULL;
}

// Shares its parent's memory until execve: system calls only.
IN_BORROWED_STACK static int run_child(void *argument) {
	struct child *child = argument;
	const struct worker *worker = child->worker;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int stdio[3];
	for (int i = 0; i < 3; i++)
		stdio[i] = worker->stdio[i] < 0 ? child->null : worker->stdio[i];
	const char *failed = place_stdio(stdio);
	if (failed == NULL && worker->root != NULL)
		failed = bind_root(worker);
	if (failed == NULL && worker->directory_count > 0)
		failed = send_directories(child);
	if (failed != NULL)
		return child_fails(child, failed);
	for (size_t i = 0; i < worker->keep_count; i++) {
		if (fcntl(worker->keep[i], F_SETFD, 0) < 0)
			return child_fails(child, "fcntl F_SETFD");
	}
	if (fcntl(child->socket, F_SETFD, 0) < 0)
		return child_fails(child, "fcntl F_SETFD");

	default_signals();
	execve(worker->path, (char *const *)child->args, (char *const *)worker->env);
	return child_fails(child, "execve");
}

static int clone_worker(struct child *child, struct worker_result *result) {
	uint64_t flags = child->worker->root == NULL ? 0 : CLONE_NEWNS;
	long pid = vfork_call(flags, child->worker->cgroup, &result->pidfd, run_child, child);
	if (pid < 0)
		return fail(result, "clone3", (int)-pid);
	result->pid = (pid_t)pid;
	if (child->failed == NULL)
		return 0;
	int signal;
	reap_child(result->pidfd, &signal);
	close(result->pidfd);
	return fail(result, child->failed, child->error);
}

static int receive_directories(const struct worker *worker, struct worker_result *result) {
	union {
		char bytes[CMSG_SPACE(sizeof(int) * WORKER_DIRECTORIES_MAX)];
		struct cmsghdr align;
	} control;
	char nothing;
	struct iovec part = {&nothing, 1};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes};
	header.msg_controllen = sizeof control.bytes;
	ssize_t size;
	do
		size = recvmsg(result->socket, &header, MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == EINTR);
	struct cmsghdr *rights = size < 0 ? NULL : CMSG_FIRSTHDR(&header);
	size_t wanted = sizeof(int) * worker->directory_count;
	if (rights == NULL || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(wanted))
		return fail(result, "recvmsg", size < 0 ? errno : EPROTO);
	memcpy(result->directories, CMSG_DATA(rights), wanted);
	return 0;
}

static int abandon(struct worker_result *result) {
	int signal;
	kill(result->pid, SIGKILL);
	reap_child(result->pidfd, &signal);
	close(result->pidfd);
	close(result->socket);
	return -1;
}

int start_worker(const struct worker *worker, struct worker_result *result) {
	*result = (struct worker_result){.pid = -1, .pidfd = -1, .socket = -1};
	// A caller that ignores SIGCHLD would have it, and whom it leaves to us, reaped before we can ask how they ended.
	struct sigaction standard = {.sa_handler = SIG_DFL}, action;
	sigaction(SIGCHLD, NULL, &action);
	if (action.sa_handler == SIG_IGN)
		sigaction(SIGCHLD, &standard, NULL);

	struct child child = {.worker = worker};
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(result, "socketpair", errno);
	child.socket = pair[1];
	child.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	snprintf(child.socket_text, sizeof child.socket_text, "%d", child.socket);
	for (int i = 0; i < ARGUMENTS_MAX && worker->args[i] != NULL; i++)
		child.args[i] = strcmp(worker->args[i], "@") == 0 ? child.socket_text : worker->args[i];

	int outcome = child.null < 0 ? fail(result, "open /dev/null", errno) : clone_worker(&child, result);
	// Without our copy of its end, its death is an end of file for us.
	close(pair[1]);
	if (child.null >= 0)
		close(child.null);
	if (outcome < 0) {
		close(pair[0]);
		return outcome;
	}
	result->socket = pair[0];
	if (worker->directory_count > 0 && receive_directories(worker, result) < 0)
		return abandon(result);
	return 0;
}
