// measure ERRORS: starts commands and says what each cost: the part of the benchmark that must not be noisy itself, hence
// small and in C. It reads requests from stdin and answers each with one line.
//
//   run N    and N lines, each a command, perhaps with NAME=VALUE in front, whose words are separated by 0x1f: starts all of them at once, and waits.
//            -> "TOTAL-NS" and, for each command, " NS STATUS FAULTS MAXRSS-KB CPU-US" (STATUS: exit
//            code, or 128 + signal)
//   reap MS  waits until no process that commands have left behind is alive.  -> "0" or, after MS, "1"
//
// Commands get /dev/null as stdin and stdout, and the file ERRORS as stderr, emptied before every request. Like an engine's
// shim this program is a subreaper: containers become its children when their runtime has ended.
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COMMANDS = 256, MAX_ARGUMENTS = 64 };

struct command {
	char *line;
	char *arguments[MAX_ARGUMENTS + 1];
	pid_t pid;
	int status;
	uint64_t began, took;
	struct rusage usage;
};

static uint64_t now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t processor_time(const struct rusage *usage) {
	const struct timeval *user = &usage->ru_utime, *system = &usage->ru_stime;
	return (uint64_t)(user->tv_sec + system->tv_sec) * 1000000 + (uint64_t)(user->tv_usec + system->tv_usec);
}

static void split(struct command *command) {
	size_t count = 0;
	for (char *part = strtok(command->line, "\x1f\n"); part; part = strtok(NULL, "\x1f\n")) {
		if (count == MAX_ARGUMENTS)
			errx(1, "more than %d arguments", MAX_ARGUMENTS);
		command->arguments[count++] = part;
	}
	command->arguments[count] = NULL;
	if (count == 0)
		errx(1, "an empty command");
}

static void read_commands(struct command *commands, size_t count) {
	for (size_t i = 0; i < count; i++) {
		size_t size = 0;
		commands[i].line = NULL;
		if (getline(&commands[i].line, &size, stdin) < 0)
			errx(1, "a request ends too early");
		split(&commands[i]);
	}
}

static void start(struct command *command, const posix_spawn_file_actions_t *files,
		  const posix_spawnattr_t *attributes) {
	char **words = command->arguments;
	char *variable = strchr(words[0], '=') ? *words++ : NULL;
	if (!words[0])
		errx(1, "a variable without a command");
	if (variable)
		putenv(variable);
	command->began = now();
	int error = posix_spawn(&command->pid, words[0], files, attributes, words, environ);
	if (error != 0)
		errx(1, "cannot start %s: %s", words[0], strerror(error));
	if (variable) {
		*strchr(variable, '=') = '\0';
		unsetenv(variable);
	}
}

static void wait_for(struct command *commands, size_t count) {
	for (size_t left = count; left > 0;) {
		int status;
		struct rusage usage;
		pid_t pid = wait4(-1, &status, 0, &usage);
		uint64_t ended = now();
		if (pid < 0)
			err(1, "wait4");
		for (size_t i = 0; i < count; i++) {
			if (commands[i].pid != pid)
				continue;
			commands[i].took = ended - commands[i].began;
			commands[i].status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			commands[i].usage = usage;
			commands[i].pid = 0;
			left--;
		}
	}
}

static void run(size_t count, int errors, const posix_spawn_file_actions_t *files,
		const posix_spawnattr_t *attributes) {
	static struct command commands[MAX_COMMANDS];
	if (count == 0 || count > MAX_COMMANDS)
		errx(1, "between 1 and %d commands at once", MAX_COMMANDS);
	read_commands(commands, count);
	if (ftruncate(errors, 0) < 0)
		err(1, "ftruncate");

	uint64_t began = now();
	for (size_t i = 0; i < count; i++)
		start(&commands[i], files, attributes);
	wait_for(commands, count);
	printf("%ju", (uintmax_t)(now() - began));
	for (size_t i = 0; i < count; i++) {
		const struct command *command = &commands[i];
		long faults = command->usage.ru_minflt + command->usage.ru_majflt;
		printf(" %ju %d %ld %ld %ju", (uintmax_t)command->took, command->status, faults,
		       command->usage.ru_maxrss, (uintmax_t)processor_time(&command->usage));
		free(command->line);
	}
	printf("\n");
}

static void reap(unsigned long milliseconds) {
	uint64_t end = now() + milliseconds * 1000000;
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);
		if (pid > 0)
			continue;
		if (pid < 0 || now() > end)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
	}
	printf("%d\n", waitpid(-1, NULL, WNOHANG) == 0);
}

int main(int argc, char **argv) {
	if (argc != 2)
		errx(1, "usage: measure ERRORS");
	int errors = open(argv[1], O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (errors < 0 || null < 0)
		err(1, "open");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		err(1, "prctl");

	posix_spawn_file_actions_t files;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, null, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, null, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
	// What Node, our parent, ignores is not for the commands.
	posix_spawnattr_t attributes;
	sigset_t ignored;
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	sigaddset(&ignored, SIGXFSZ);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &ignored);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);

	setvbuf(stdout, NULL, _IOLBF, 0);
	char *line = NULL;
	size_t size = 0;
	while (getline(&line, &size, stdin) > 0) {
		unsigned long number;
		if (sscanf(line, "run %lu", &number) == 1)
			run(number, errors, &files, &attributes);
		else if (sscanf(line, "reap %lu", &number) == 1)
			reap(number);
		else
			errx(1, "unknown request: %s", line);
	}
	return 0;
}
