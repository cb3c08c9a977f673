// runts-init on its own, with us as the runtime at the other end of its socket; and what it shares with the runtime.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "program.h"
#include "writer.h"

int runts_init_main(int count, char **arguments);

static int failures;

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			failures++; \
		} \
	} while (0)

// ---- plans

static void put_find(struct writer *writer, const char *name, const char *path) {
	put_u32(writer, OP_FIND_EXECUTABLE);
	put_text(writer, name);
	put_text(writer, path);
}
static void put_exec(struct writer *writer, const char *first, const char *second) {
	put_u32(writer, OP_EXEC);
	put_u32(writer, 2);
	put_text(writer, first);
	put_text(writer, second);
	put_u32(writer, 1);
	put_text(writer, "HOME=/tmp");
	put_u32(writer, 0);
	put_u32(writer, 0);
}

// ---- the other end

struct peer {
	pid_t pid;
	int sync;
};

static struct peer start(struct writer *writer) {
	finish(writer);
	int pair[2];
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
	int plan = memfd_create("plan", 0);
	if (write(plan, writer->bytes, writer->size) != (ssize_t)writer->size)
		abort();
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		char sync[12], plan_text[12], name[] = "runts-init";
		snprintf(sync, sizeof sync, "%d", pair[1]);
		snprintf(plan_text, sizeof plan_text, "%d", plan);
		char *arguments[] = {name, sync, plan_text, NULL};
		_exit(runts_init_main(3, arguments));
	}
	close(pair[1]);
	close(plan);
	return (struct peer){pid, pair[0]};
}

// The next message; type 0 at end of file.
static struct message next(struct peer peer) {
	static char buffer[MESSAGE_MAX];
	struct message message = {0};
	struct pollfd event = {peer.sync, POLLIN, 0};
	if (poll(&event, 1, 10000) != 1) {
		printf("no message within 10 s\n");
		failures++;
		return message;
	}
	ssize_t size = recv(peer.sync, buffer, sizeof buffer, 0);
	if (size > 0)
		CHECK(message_unpack(buffer, (size_t)size, &message));
	return message;
}

static int end(struct peer peer) {
	int status = -1;
	close(peer.sync);
	waitpid(peer.pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void says_hello_with_its_build(void) {
	struct writer writer;
	begin(&writer, RUNTS_BUILD_ID, 1);
	put_exec(&writer, "x", "y");
	struct peer peer = start(&writer);
	struct message hello = next(peer);
	CHECK(hello.type == MESSAGE_HELLO);
	CHECK(strcmp(hello.syscall, RUNTS_BUILD_ID) == 0);
	CHECK(end(peer) == 1); // the runtime is gone before it answered: so is runts-init
}

static void runs_a_program(void) {
	struct writer writer;
	begin(&writer, RUNTS_BUILD_ID, 3);
	put_find(&writer, "sh", "/nowhere:/bin");
	put_u32(&writer, OP_READY);
	put_exec(&writer, "sh", "-c");
	// "sh -c" without a command: exit status 2, which only a real sh gives.
	int null = dup(2);
	if (freopen("/dev/null", "w", stderr) == NULL)
		abort();
	struct peer peer = start(&writer);
	next(peer);
	message_answer(peer.sync);
	CHECK(next(peer).type == MESSAGE_READY);
	message_answer(peer.sync);
	CHECK(next(peer).type == 0); // end of file: it was exec'd
	CHECK(end(peer) == 2);
	dup2(null, 2);
	close(null);
}

static void says_what_failed(void) {
	struct writer writer;
	begin(&writer, RUNTS_BUILD_ID, 2);
	put_find(&writer, "no-such-program", "/bin:/usr/bin");
	put_exec(&writer, "x", "y");
	struct peer peer = start(&writer);
	next(peer);
	message_answer(peer.sync);
	struct message failed = next(peer);
	CHECK(failed.type == MESSAGE_FAILED && failed.step == 0 && failed.error == ENOENT);
	CHECK(strcmp(failed.syscall, "lookup") == 0 && strcmp(failed.object, "no-such-program") == 0);
	CHECK(end(peer) == 1);
}

static void put_bind_instead(struct writer *writer) {
	put_u32(writer, OP_MOUNT_BIND);
	put_text(writer, "/nowhere");
	put_u32(writer, (uint32_t)-1); // slot
	put_text(writer, "/target");
	for (int i = 0; i < 3; i++) // nofollow_source, nofollow_target, copy_link
		put_u32(writer, 0);
	put_u32(writer, 1);                     // instead
	for (int i = 0; i < 1 + 4 * 2 + 1; i++) // recursive, four masks, propagation
		put_u32(writer, 0);
}

static void stands_in_for_nothing_that_was_not_refused(void) {
	struct writer writer;
	begin(&writer, RUNTS_BUILD_ID, 3);
	put_bind_instead(&writer);
	put_find(&writer, "no-such-program", "/bin");
	put_exec(&writer, "x", "y");
	struct peer peer = start(&writer);
	next(peer);
	message_answer(peer.sync);
	struct message failed = next(peer);
	CHECK(failed.type == MESSAGE_FAILED && failed.step == 1 && failed.error == ENOENT);
	CHECK(end(peer) == 1);
}

// Slots far apart, so that the list of them has to grow; one that is empty cannot be idmapped.
static void keeps_slots_apart(void) {
	static const uint32_t slots[] = {0, 100, 5};
	struct writer writer;
	begin(&writer, RUNTS_BUILD_ID, 5);
	for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
		put_u32(&writer, OP_OPEN_TREE);
		put_u32(&writer, slots[i]);
		put_text(&writer, "/");
		for (int j = 0; j < 3; j++) // recursive, nofollow, slave
			put_u32(&writer, 0);
	}
	put_u32(&writer, OP_IDMAP_TREE);
	put_u32(&writer, 99);
	put_u32(&writer, 0);
	put_u32(&writer, (uint32_t)-1);
	put_text(&writer, "0 0 1\n");
	put_text(&writer, "0 0 1\n");
	put_exec(&writer, "x", "y");
	struct peer peer = start(&writer);
	next(peer);
	message_answer(peer.sync);
	struct message failed = next(peer);
	CHECK(failed.type == MESSAGE_FAILED && failed.step == 3 && failed.error == EPERM);
	CHECK(strcmp(failed.syscall, "open_tree") == 0);
	CHECK(end(peer) == 1);
}

static void names_a_missing_interpreter(void) {
	char path[] = "/tmp/runts-init-test.XXXXXX";
	int file = mkstemp(path);
	CHECK(write(file, "#! /no/interpreter -x\n", 22) == 22);
	fchmod(file, 0755);
	close(file);
	struct writer writer;
	begin(&writer, RUNTS_BUILD_ID, 2);
	put_find(&writer, path, "");
	put_exec(&writer, path, "y");
	struct peer peer = start(&writer);
	next(peer);
	message_answer(peer.sync);
	struct message failed = next(peer);
	CHECK(failed.type == MESSAGE_FAILED && failed.step == 1 && failed.error == ENOENT);
	CHECK(strcmp(failed.syscall, "execve") == 0 && strcmp(failed.detail, "/no/interpreter") == 0);
	CHECK(end(peer) == 1);
	unlink(path);
}

// A program header that begins just before the end of the address space: its end, added up, is a small number.
static void survives_a_hostile_elf(void) {
	char path[] = "/tmp/runts-init-test.XXXXXX";
	Elf64_Ehdr elf = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64}, .e_machine = 0xffff};
	elf.e_phoff = 0 - (uint64_t)sizeof(Elf64_Phdr);
	elf.e_phentsize = sizeof(Elf64_Phdr);
	elf.e_phnum = 1;
	int file = mkstemp(path);
	CHECK(write(file, &elf, sizeof elf) == sizeof elf);
	fchmod(file, 0755);
	close(file);
	struct writer writer;
	begin(&writer, RUNTS_BUILD_ID, 2);
	put_find(&writer, path, "");
	put_exec(&writer, path, "y");
	struct peer peer = start(&writer);
	next(peer);
	message_answer(peer.sync);
	struct message failed = next(peer);
	CHECK(failed.type == MESSAGE_FAILED && failed.step == 1 && failed.error == ENOEXEC);
	CHECK(strcmp(failed.detail, "\x1f"
				    "elf64 machine 65535") == 0);
	CHECK(end(peer) == 1);
	unlink(path);
}

static void refuses_a_damaged_plan(void) {
	struct writer writer;
	begin(&writer, RUNTS_BUILD_ID, 1);
	put_u32(&writer, OP_COUNT);
	struct peer peer = start(&writer);
	next(peer);
	struct message failed = next(peer);
	CHECK(failed.type == MESSAGE_FAILED && failed.error == EPROTO && strcmp(failed.detail, "malformed") == 0);
	CHECK(end(peer) == 1);
}

// ---- messages

static void cuts_what_does_not_fit(void) {
	static char text[3 * MESSAGE_MAX], buffer[MESSAGE_MAX];
	memset(text, 'x', sizeof text - 1);
	struct message message = {.type = MESSAGE_FAILED, .syscall = "open", .object = text, .detail = text}, back;
	size_t size = message_pack(&message, buffer);
	CHECK(size <= MESSAGE_MAX);
	CHECK(message_unpack(buffer, size, &back));
	CHECK(strcmp(back.syscall, "open") == 0 && strlen(back.object) > 4000);
	for (size_t cut = 0; cut < size; cut++)
		CHECK(!message_unpack(buffer, cut, &back));
}

// ---- hooks

static int64_t milliseconds(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static struct program_result run_shell(const char *command, const char *input, uint32_t timeout_ms) {
	static struct program_result result;
	const char *args[] = {"sh", "-c", command, NULL}, *env[] = {"PATH=/bin:/usr/bin", NULL};
	struct program program = {.path = "/bin/sh",
				  .args = args,
				  .env = env,
				  .cwd = "/",
				  .input = input,
				  .input_size = strlen(input),
				  .timeout_ms = timeout_ms};
	CHECK(run_program(&program, &result) == 0);
	return result;
}

static void captures_a_hook(void) {
	struct program_result result = run_shell("cat; pwd; echo oops >&2; exit 3", "state", 5000);
	CHECK(result.code == 3 && result.signal == 0 && !result.timed_out);
	CHECK(result.stdout_size == 7 && memcmp(result.stdout_text, "state/\n", 7) == 0);
	CHECK(result.stderr_size == 5 && memcmp(result.stderr_text, "oops\n", 5) == 0);
	CHECK(run_shell("kill -9 $$", "", 0).signal == SIGKILL);
}

static void survives_a_hook_that_reads_nothing(void) {
	static char large[1 << 20];
	memset(large, 'x', sizeof large - 1);
	CHECK(run_shell("exec 0<&-; exit 0", large, 5000).code == 0);
	CHECK(run_shell("cat >/dev/null", large, 5000).code == 0);
	struct program_result result = run_shell("head -c 1000000 /dev/zero", "", 5000);
	CHECK(result.code == 0 && result.stdout_size == PROGRAM_OUTPUT_MAX);
}

static void ends_a_hook_at_its_deadline(void) {
	int64_t began = milliseconds();
	CHECK(run_shell("sleep 60 & sleep 60", "", 200).timed_out);
	CHECK(run_shell("sleep 5 & exit 0", "", 4000).code == 0); // a grandchild holds the pipes
	CHECK(milliseconds() - began < 3000);
}

static void says_why_a_hook_does_not_run(void) {
	static struct program_result result;
	const char *args[] = {"x", NULL}, *env[] = {NULL};
	struct program program = {.path = "/no/hook", .args = args, .env = env, .input = ""};
	CHECK(run_program(&program, &result) == -1);
	CHECK(result.error == ENOENT && strcmp(result.failed, "execve") == 0);
}

int main(void) {
	says_hello_with_its_build();
	runs_a_program();
	says_what_failed();
	stands_in_for_nothing_that_was_not_refused();
	keeps_slots_apart();
	names_a_missing_interpreter();
	survives_a_hostile_elf();
	refuses_a_damaged_plan();
	cuts_what_does_not_fit();
	captures_a_hook();
	survives_a_hook_that_reads_nothing();
	ends_a_hook_at_its_deadline();
	says_why_a_hook_does_not_run();
	return failures == 0 ? 0 : 1;
}
