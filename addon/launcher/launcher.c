// runts, the program that engines are given as a path. It has the call answered by the agent, when there is one for its
// caller (agent.h), and otherwise becomes Node with the bundled CLI (direct.h).
//
// Node changes its process before any JavaScript runs: it raises RLIMIT_NOFILE, marks inherited fds
// close-on-exec and fills the holes between them with its own. The container must notice none of it. So
// this program runs first, and hands over what it saw of its caller in one variable, which src/cli reads:
//
//   RUNTS_LAUNCH=1;nofile=SOFT:HARD;fds=3,4,7
//
// It execs rather than forks: what is bound to the pid (LISTEN_PID, the engine's waitpid, a pidfd) stays true.
// Static, without stdio and malloc: it costs a fraction of a millisecond.
#define _GNU_SOURCE
#include "launcher.h"
#include "agent.h"
#include "direct.h"
#include "facts.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's own layout of a disposition.
struct disposition {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

// A blocked SIGTERM would make runts deaf. Node resets the dispositions that a libc lets it; 32 and 33 are libc's own,
// and glibc's posix_spawn leaves them ignored in the child (every recipe of make runs so).
static void reset_signals(void) {
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	struct disposition usual = {.handler = SIG_DFL};
	for (int signal = 32; signal <= 33; signal++)
		syscall(SYS_rt_sigaction, signal, &usual, NULL, sizeof usual.mask);
}

// A caller may start us with some of fds 0-2 closed. What is opened next would then become our standard output.
static void open_missing_stdio(void) {
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv) {
	static char text[FACTS_SIZE];

	open_missing_stdio();
	struct facts facts = record_facts(text);

	reset_signals();

	struct call call = {argv + (argc > 0), text};
	const char *failure = NULL, *ignored;
	if (may_ask_agent(&call, &facts, &failure)) {
		struct answer answer = ask_agent(&call, &failure);
		// Removing a container can be done once more when it was broken off.
		if (answer.outcome == ANSWER_CALL_AGAIN)
			answer = ask_agent(&call, &ignored);
		if (answer.outcome == ANSWER_EXIT)
			_exit(answer.code);
	}
	call_directly(&call, failure);
}
