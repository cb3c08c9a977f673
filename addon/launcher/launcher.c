// runts, the program that engines are given as a path: starts the pinned Node with the bundled CLI.
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
#include "environment.h"
#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// Warnings would land on stderr, which containerd and CRI-O parse together with stdout. With a larger young generation V8
// collects no garbage in a `run` (the memory is not touched unless needed), and nothing here has work for four threads.
// Flags that change how V8 compiles (--no-opt, --single-threaded, --jitless, --no-sparkplug) make it refuse the code caches of
// Node and of the bundle, for 10 ms and more (docs/performance.md).
static char *const node_flags[] = {
	"--no-warnings",
	"--min-semi-space-size=8",
	"--v8-pool-size=1",
};
enum { FLAGS = sizeof node_flags / sizeof *node_flags };

static void die(const char *what, const char *path, const char *cure) {
	const char *parts[] = {"runts: ", what, " ", path, ": ", strerror(errno), cure, "\n"};
	struct iovec pieces[sizeof parts / sizeof *parts];
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		pieces[i] = (struct iovec){(char *)parts[i], strlen(parts[i])};
	(void)!writev(STDERR_FILENO, pieces, sizeof parts / sizeof *parts);
	_exit(1);
}

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

// The folder of this program, symbolic links resolved. Room is left for names below it.
static void own_folder(char folder[PATH_MAX]) {
	static const char deleted[] = " (deleted)"; // what the kernel adds after an upgrade has replaced the file
	ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 64);
	if (length <= 0) { // no /proc: the path that execve was given
		const char *given = (const char *)getauxval(AT_EXECFN);
		length = given ? (ssize_t)strlen(given) : 0;
		if (length == 0 || length > PATH_MAX - 64)
			die("cannot find its own folder through", "/proc/self/exe", "");
		memcpy(folder, given, (size_t)length);
	}
	folder[length] = '\0';
	size_t suffix = sizeof deleted - 1;
	if ((size_t)length > suffix && strcmp(folder + length - suffix, deleted) == 0)
		folder[(size_t)length - suffix] = '\0';
	char *slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	else
		strcpy(folder, ".");
}

// Where the rest of runts lies: beside this program (a checkout's dist/), or in libexec of the same prefix.
static void find_libexec(char folder[PATH_MAX]) {
	own_folder(folder);
	size_t length = strlen(folder);
	strcpy(folder + length, "/runts.cjs");
	bool beside = access(folder, F_OK) == 0;
	strcpy(folder + length, beside ? "" : "/../libexec/runts");
}

static const char *join(char path[PATH_MAX], const char *folder, const char *name) {
	size_t length = strlen(folder);
	memcpy(path, folder, length);
	strcpy(path + length, name);
	return path;
}

int main(int argc, char **argv) {
	static char facts[FACTS_SIZE];
	static char libexec[PATH_MAX], node[PATH_MAX], script[PATH_MAX];

	open_missing_stdio();
	record_facts(facts);
	find_libexec(libexec);
	join(node, libexec, "/node");
	join(script, libexec, "/runts.cjs");

	reset_signals();

	char *arguments[1 + FLAGS + 1 + (argc > 0 ? argc - 1 : 0) + 1];
	char **next = arguments;
	*next++ = "runts";
	for (size_t i = 0; i < FLAGS; i++)
		*next++ = node_flags[i];
	*next++ = script;
	for (int i = 1; i < argc; i++)
		*next++ = argv[i];
	*next = NULL;

	char **environment = node_environment(environ, facts);
	if (!environment)
		die("cannot map memory for", "the environment", "");
	execve(node, arguments, environment);
	die("cannot start its Node", node,
	    errno == ENOENT || errno == EACCES ? "; run `make build` in a checkout, or `make install` again" : "");
}
