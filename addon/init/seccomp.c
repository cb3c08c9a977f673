// The seccomp filter of the user's program, and the way of its listener to the runtime.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../core/clone.h"
#include "init.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static long set_filter(uint32_t flags, const struct sock_fprog *program) {
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
}

// Without a program a call with flags that the kernel knows gets as far as EFAULT.
static const char *unknown_flag(uint32_t flags) {
	uint32_t last = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	if ((flags & last) == 0 || (set_filter(flags, NULL) < 0 && errno == EFAULT))
		return "";
	return set_filter(flags & ~last, NULL) < 0 && errno == EFAULT ? "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" : "";
}

static int load_fails(struct init *init, uint32_t flags) {
	int error = errno;
	const char *flag = error == EINVAL ? unknown_flag(flags) : "";
	errno = error;
	return fails(init, "seccomp", flag);
}

struct courier {
	struct init *init;
	int orders[2]; // a pipe for the number of the listener
};

// Once the filter is loaded, every system call of ours may wait for an agent that has not got the listener yet. So a
// thread that was there before, and has no filter, takes it to the runtime, and closes our only copy: when the agent
// ends, the kernel answers its calls (ENOSYS). `write` alone must not wait: config/rules/seccomp.ts sees to that.
static int carry_listener(void *argument) {
	struct courier *courier = argument;
	struct init *init = courier->init;
	int listener;
	if (read(courier->orders[0], &listener, sizeof listener) != sizeof listener)
		return 1;
	struct message message = {.type = MESSAGE_SECCOMP, .step = init->step};
	if (message_send(init->sync, &message, listener) < 0) {
		fails(init, "sendmsg", "seccomp listener");
		report_failure(init); // ends the whole process
	}
	close(listener);
	close(courier->orders[0]);
	close(courier->orders[1]);
	return 0;
}

static int load_with_listener(struct init *init, uint32_t flags, const struct sock_fprog *program) {
	static struct courier courier;
	courier.init = init;
	if (pipe2(courier.orders, O_CLOEXEC) < 0)
		return fails(init, "pipe2", "seccomp listener");
	long thread = thread_call(carry_listener, &courier);
	if (thread < 0) {
		errno = (int)-thread;
		return fails(init, "clone3", "thread");
	}
	int listener = (int)set_filter(flags, program);
	if (listener < 0)
		return load_fails(init, flags);
	if (write(courier.orders[1], &listener, sizeof listener) != sizeof listener)
		return fails(init, "write", "seccomp listener");
	return message_wait_answer(init->sync) < 0 ? fails(init, "read", "sync socket") : 0;
}

int do_seccomp(struct init *init, const struct op_seccomp *op) {
	if (init->env == NULL)
		init->env = with_home(init, init->program);
	if (op->program.length / sizeof(struct sock_filter) > UINT16_MAX) {
		errno = E2BIG;
		return fails(init, "seccomp", "");
	}
	struct sock_fprog program = {
		.len = (unsigned short)(op->program.length / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)(uintptr_t)op->program.items,
	};
	if ((op->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0)
		return load_with_listener(init, op->flags, &program);
	return set_filter(op->flags, &program) < 0 ? load_fails(init, op->flags) : 0;
}
