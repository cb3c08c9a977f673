#define _GNU_SOURCE
#include "direct.h"
#include "environment.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
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

// The agent stays, and what it does for one call is soon garbage: with a small young generation it takes 20 MB less after some
// thousand calls, for a fraction of a millisecond now and then.
static char *const agent_flags[FLAGS] = {
	"--no-warnings",
	"--max-semi-space-size=2",
	"--v8-pool-size=1",
};

// A container may be called so, too: its calls then only collect garbage.
static char *const *flags_for(char *const args[]) {
	for (; *args; args++)
		if (strcmp(*args, "agent") == 0)
			return agent_flags;
	return node_flags;
}

static _Noreturn void die(const char *what, const char *path, const char *cure) {
	const char *parts[] = {"runts: ", what, " ", path, ": ", strerror(errno), cure, "\n"};
	struct iovec pieces[sizeof parts / sizeof *parts];
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		pieces[i] = (struct iovec){(char *)parts[i], strlen(parts[i])};
	(void)!writev(STDERR_FILENO, pieces, sizeof parts / sizeof *parts);
	_exit(1);
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

static size_t count_of(char *const strings[]) {
	size_t count = 0;
	while (strings[count])
		count++;
	return count;
}

_Noreturn void call_directly(const struct call *call, const char *failure) {
	static char libexec[PATH_MAX], node[PATH_MAX], script[PATH_MAX];
	find_libexec(libexec);
	join(node, libexec, "/node");
	join(script, libexec, "/runts.cjs");

	size_t count = count_of(call->args);
	char *arguments[1 + FLAGS + 1 + count + 1];
	char **next = arguments;
	*next++ = "runts";
	char *const *flags = flags_for(call->args);
	for (size_t i = 0; i < FLAGS; i++)
		*next++ = flags[i];
	*next++ = script;
	memcpy(next, call->args, (count + 1) * sizeof *next);

	char **environment = node_environment(environ, call->facts, failure);
	if (!environment)
		die("cannot map memory for", "the environment", "");
	execve(node, arguments, environment);
	die("cannot start its Node", node,
	    errno == ENOENT || errno == EACCES ? "; run `make build` in a checkout, or `make install` again" : "");
}
