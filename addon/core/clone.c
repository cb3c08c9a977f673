#define _GNU_SOURCE
#include "clone.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#define CHILD_STACK ((size_t)16 * 1024)

// clone3(2) with a function for the child, which runs on the stack given in `args`. Neither libc offers this, and the child
// must not return into the frame that its waiting parent will go on with. Returns the pid, or -errno.
static long clone3_call(const struct clone_args *args, int (*child)(void *), void *argument) {
#if defined(__x86_64__)
	register long result __asm__("rax") = SYS_clone3;
	register const struct clone_args *arg1 __asm__("rdi") = args;
	register unsigned long arg2 __asm__("rsi") = sizeof *args;
	register int (*function)(void *) __asm__("r8") = child;
	register void *data __asm__("r9") = argument;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "and $-16, %%rsp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov $60, %%eax\n\t" // exit
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "+r"(result)
			 : "r"(arg1), "r"(arg2), "r"(function), "r"(data)
			 : "rcx", "r11", "memory", "cc");
	return result;
#elif defined(__aarch64__)
	register long number __asm__("x8") = SYS_clone3;
	register long result __asm__("x0") = (long)args;
	register unsigned long arg2 __asm__("x1") = sizeof *args;
	register int (*function)(void *) __asm__("x10") = child;
	register void *data __asm__("x11") = argument;
	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "mov x0, x11\n\t"
			 "blr x10\n\t"
			 "mov x8, #93\n\t" // exit
			 "svc #0\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(result)
			 : "r"(number), "r"(arg2), "r"(function), "r"(data)
			 : "memory", "cc");
	return result;
#else
#error "clone3_call is written for x86_64 and aarch64"
#endif
}

// A handler of ours must not run in the child, in our memory.
static long clone_without_signals(const struct clone_args *args, int (*child)(void *), void *argument) {
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	long id = clone3_call(args, child, argument);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return id;
}

long vfork_call(uint64_t flags, int cgroup, int *pidfd, int (*child)(void *), void *argument) {
	char stack[CHILD_STACK] __attribute__((aligned(16)));
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | flags,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof stack,
	};
	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	return clone_without_signals(&args, child, argument);
}

long thread_call(int (*child)(void *), void *argument) {
	static char stack[CHILD_STACK] __attribute__((aligned(16)));
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof stack,
	};
	return clone_without_signals(&args, child, argument);
}

IN_BORROWED_STACK const char *place_stdio(const int fds[3]) {
	int lifted[3]; // out of the way first: they may stand on 0-2 in any order
	for (int i = 0; i < 3; i++) {
		lifted[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (lifted[i] < 0)
			return "fcntl F_DUPFD_CLOEXEC";
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(lifted[i], i) < 0)
			return "dup2";
	}
	return syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ? "close_range" : NULL;
}

IN_BORROWED_STACK void default_signals(void) {
	struct sigaction standard = {.sa_handler = SIG_DFL};
	for (int number = 1; number <= 64; number++)
		sigaction(number, &standard, NULL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int reap_child(int pidfd, int *signal) {
	siginfo_t info = {0};
	while (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
	bool exited = info.si_code == CLD_EXITED;
	*signal = exited ? 0 : info.si_status;
	return exited ? info.si_status : -1;
}
