// The last steps: finding the user's program, waiting for the start, and becoming the program.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

// 0 when `path` is a file that may be executed, else -1 with errno.
static int check_executable(const char *path) {
	struct stat status;
	if (stat(path, &status) < 0)
		return -1;
	if (S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	return faccessat(AT_FDCWD, path, X_OK, 0);
}

// The home directory of `uid` in the container's /etc/passwd, else "/". By plain system calls, into memory that is there.
static const char *find_home(uint32_t uid) {
	static char text[1 << 20]; // takes no memory but for what is read
	struct stat status;
	int file = open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t length = -1;
	if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode))
		length = read(file, text, sizeof text - 1);
	if (file >= 0)
		close(file);
	if (length <= 0)
		return "/";
	text[length] = 0;
	char *rest = text, *line;
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *fields[6];
		int count = 0;
		while (count < 6 && (fields[count] = strsep(&line, ":")) != NULL)
			count++;
		if (count < 6)
			continue;
		uint64_t number = 0;
		const char *digit = fields[2];
		while (*digit >= '0' && *digit <= '9' && number <= UINT32_MAX)
			number = number * 10 + (uint64_t)(*digit++ - '0');
		if (digit != fields[2] && *digit == 0 && number == uid)
			return fields[5][0] == 0 ? "/" : fields[5];
	}
	return "/";
}

const char *const *with_home(struct init *init, const struct op_exec *op) {
	uint32_t at = op->env.count;
	for (uint32_t i = 0; i < op->env.count; i++) {
		if (strncmp(op->env.items[i], "HOME=", 5) != 0)
			continue;
		if (op->env.items[i][5] != 0)
			return op->env.items;
		at = i;
	}
	const char *home = find_home(op->uid);
	size_t size = strlen(home) + 6;
	const char **env = arena_take(&init->arena, ((size_t)op->env.count + 2) * sizeof *env);
	char *entry = arena_take(&init->arena, size);
	if (env == NULL || entry == NULL)
		return op->env.items;
	memcpy(env, op->env.items, ((size_t)op->env.count + 1) * sizeof *env);
	snprintf(entry, size, "HOME=%s", home);
	env[at] = entry;
	if (at == op->env.count)
		env[at + 1] = NULL;
	return env;
}

int do_find_executable(struct init *init, const struct op_find_executable *op) {
	static char found[PATH_MAX];
	if (init->env == NULL)
		init->env = with_home(init, init->program);
	if (strchr(op->name, '/') != NULL) {
		init->executable = op->name;
		return check_executable(op->name) < 0 ? fails(init, "stat", op->name) : 0;
	}
	char refused[sizeof found] = ""; // the first that is there and may not be executed
	// An empty PATH, or an empty element of it, is not the working directory here: an image must not decide by that.
	for (const char *at = op->path, *end; at != NULL && op->name[0] != 0; at = *end == 0 ? NULL : end + 1) {
		end = strchrnul(at, ':');
		int length = snprintf(found, sizeof found, "%.*s/%s", (int)(end - at), at, op->name);
		if (end == at || length >= (int)sizeof found)
			continue;
		if (check_executable(found) == 0) {
			init->executable = found;
			return 0;
		}
		if (errno == EACCES && refused[0] == 0)
			memcpy(refused, found, sizeof refused);
	}
	errno = ENOENT;
	return fails_with(init, "lookup", op->name, refused);
}

int do_ready(struct init *init, const struct op_ready *op) {
	(void)op;
	struct message message = {.type = MESSAGE_READY, .step = init->step};
	if (message_send(init->sync, &message, -1) < 0 || message_wait_answer(init->sync) < 0)
		return fails(init, "recv", "sync socket");
	prctl(PR_SET_PDEATHSIG, 0);
	return 0;
}

static void end_by_signal(int number) { end(128 + number); }

// The first process of a pid namespace is immune to signals that it has no handler for. Until the user's program runs, a
// container that is told to end should end.
static void obey_signals(void) {
	static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE};
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
		struct sigaction present, obey = {.sa_handler = end_by_signal};
		if (sigaction(deadly[i], NULL, &present) == 0 && present.sa_handler == SIG_DFL)
			sigaction(deadly[i], &obey, NULL);
	}
}

int do_gate(struct init *init, const struct op_gate *op) {
	char byte;
	ssize_t got;
	// The runtime waits for its end, which a filter of the user's may keep us from closing.
	if (close(init->sync) < 0)
		shutdown(init->sync, SHUT_RDWR);
	init->sync = -1;
	init->channel = op->report;
	init->channel_is_fifo = true;
	obey_signals();
	// Under a seccomp filter already, perhaps: read and execve are all that is needed from here on.
	do
		got = read(op->read, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		return fails(init, "read", "exec.fifo");
	return 0;
}

// The interpreter that a script or an ELF program asks for: when execve says ENOENT of a file that is there, that is
// what is missing. Empty when the file asks for none.
static void interpreter_of(const char *path, char *text, size_t size) {
	char head[4096];
	text[0] = 0;
	ssize_t length = read_file(AT_FDCWD, path, head, sizeof head);
	if (length > 2 && head[0] == '#' && head[1] == '!') {
		const char *from = head + 2 + strspn(head + 2, " \t");
		snprintf(text, size, "%.*s", (int)strcspn(from, " \t\n"), from);
		return;
	}
	if (length < (ssize_t)sizeof(Elf64_Ehdr) || memcmp(head, ELFMAG, SELFMAG) != 0) {
		snprintf(text, size, "%s", length >= 0 ? "\x1fnone" : "");
		return;
	}
	Elf64_Ehdr elf;
	memcpy(&elf, head, sizeof elf);
	for (unsigned i = 0; elf.e_ident[EI_CLASS] == ELFCLASS64 && i < elf.e_phnum; i++) {
		Elf64_Phdr segment;
		uint64_t at = elf.e_phoff + (uint64_t)i * elf.e_phentsize;
		if (at > (uint64_t)length - sizeof segment)
			break;
		memcpy(&segment, head + at, sizeof segment);
		if (segment.p_type == PT_INTERP && segment.p_offset < (uint64_t)length)
			snprintf(text, size, "%.*s", (int)(length - (ssize_t)segment.p_offset),
				 head + segment.p_offset);
	}
	if (text[0] == 0)
		snprintf(text, size, "\x1f%s machine %u", elf.e_ident[EI_CLASS] == ELFCLASS64 ? "elf64" : "elf32",
			 elf.e_machine);
}

int do_exec(struct init *init, const struct op_exec *op) {
	execve(init->executable, (char *const *)(uintptr_t)op->args.items, (char *const *)(uintptr_t)init->env);
	int error = errno;
	char interpreter[256];
	interpreter_of(init->executable, interpreter, sizeof interpreter);
	errno = error;
	return fails_with(init, "execve", init->executable, interpreter);
}
