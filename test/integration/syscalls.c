/*
 * Makes system calls and says what came of each, one line a call:
 *   = VALUE | errno N | killed SIGNAL | trapped NUMBER | traced DATA, then one of the former | thread killed
 *
 * usage: syscalls [MODE]ABI:NUMBER[:ARGUMENT]...   ABI: n (native), i (int 0x80, 32 bits), x (x32: the native number with its bit)
 * MODE: T, under a tracer; M, in a second thread
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define X32_BIT 0x40000000L

struct call {
	char abi;
	long number;
	unsigned long args[6];
};

static struct call parse(const char *text) {
	struct call call = {.abi = text[0]};
	char *rest = (char *)(uintptr_t)text + 1;
	call.number = strtol(rest + 1, &rest, 0);
	for (int i = 0; i < 6 && *rest == ':'; i++)
		call.args[i] = strtoul(rest + 1, &rest, 0);
	return call;
}

/* The result, or -errno. */
static long make(const struct call *call) {
	const unsigned long *args = call->args;
#if defined(__x86_64__)
	if (call->abi == 'i') {
		long result;
		__asm__ volatile("int $0x80"
				 : "=a"(result)
				 : "a"(call->number), "b"(args[0]), "c"(args[1]), "d"(args[2])
				 : "memory", "r8", "r9", "r10", "r11");
		return (int)result;
	}
#endif
	long number = call->abi == 'x' ? call->number | X32_BIT : call->number;
	long result = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	return result < 0 ? -errno : result;
}

static void tell(const struct call *call) {
	long result = make(call);
	char text[64];
	int length = result < 0 && result >= -4095 ? snprintf(text, sizeof(text), "errno %ld\n", -result)
						   : snprintf(text, sizeof(text), "= %ld\n", result);
	if (write(1, text, (size_t)length) != length)
		_exit(2);
}

static void trapped(int number, siginfo_t *info, void *context) {
	char text[64];
	(void)number;
	(void)context;
	int length = snprintf(text, sizeof(text), "trapped %d\n", info->si_syscall);
	_exit(write(1, text, (size_t)length) == length ? 0 : 2);
}

static void *run_thread(void *argument) {
	tell(argument);
	return argument;
}

static void in_thread(struct call *call) {
	pthread_t thread;
	void *result = NULL;
	if (pthread_create(&thread, NULL, run_thread, call) != 0)
		_exit(2);
	pthread_join(thread, &result);
	if (result == NULL && write(1, "thread killed\n", 14) != 14)
		_exit(2);
}

static int trace(pid_t child) {
	int status;
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		return -1;
	ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
	for (;;) {
		ptrace(PTRACE_CONT, child, NULL, NULL);
		if (waitpid(child, &status, 0) != child)
			return -1;
		if (!WIFSTOPPED(status))
			return status;
		unsigned long data = 0;
		ptrace(PTRACE_GETEVENTMSG, child, NULL, &data);
		if (status >> 16 == PTRACE_EVENT_SECCOMP) {
			printf("traced %lu\n", data);
			fflush(stdout);
		}
	}
}

static void attempt(const char *text) {
	char mode = text[0] == 'T' || text[0] == 'M' ? *text++ : 0;
	struct call call = parse(text);
	pid_t child = fork();
	if (child < 0)
		exit(2);
	if (child == 0) {
		struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
		sigaction(SIGSYS, &action, NULL);
		if (mode == 'T' && (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0))
			_exit(2);
		if (mode == 'M')
			in_thread(&call);
		else
			tell(&call);
		_exit(0);
	}
	int status = 0;
	if (mode == 'T')
		status = trace(child);
	else
		waitpid(child, &status, 0);
	if (WIFSIGNALED(status)) {
		printf("killed %d\n", WTERMSIG(status));
		fflush(stdout);
	} else if (status != 0) {
		exit(2);
	}
}

int main(int argc, char **argv) {
	for (int i = 1; i < argc; i++)
		attempt(argv[i]);
	return 0;
}
