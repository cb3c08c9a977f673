#define _GNU_SOURCE
#include "facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct text {
	char *at;
	const char *end;
};

static void add(struct text *text, const char *string) {
	while (*string && text->at < text->end)
		*text->at++ = *string++;
	*text->at = '\0';
}

static void add_number(struct text *text, uint64_t number, unsigned base) {
	char digits[24], *digit = digits + sizeof digits;
	*--digit = '\0';
	do
		*--digit = "0123456789abcdef"[number % base];
	while ((number /= base) != 0);
	add(text, digit);
}

// The kernel's own layout of a disposition.
struct disposition {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

// Asked of the kernel itself: libc's sigaction() hides the signals that it uses internally.
static uint64_t ignored_signals(void) {
	uint64_t ignored = 0;
	for (int signal = 1; signal <= 64; signal++) {
		struct disposition action = {0};
		if (syscall(SYS_rt_sigaction, signal, NULL, &action, sizeof action.mask) < 0 ||
		    action.handler != SIG_IGN)
			continue;
		// 32 and 33 are glibc's own. Its posix_spawn leaves them ignored in the child (every recipe of make runs
		// so): nobody's wish, and no later step can undo it through a libc.
		struct disposition usual = {.handler = SIG_DFL};
		if (signal == 32 || signal == 33)
			syscall(SYS_rt_sigaction, signal, &usual, NULL, sizeof usual.mask);
		else
			ignored |= UINT64_C(1) << (signal - 1);
	}
	return ignored;
}

static uint64_t blocked_signals(void) {
	uint64_t blocked = 0;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked);
	return blocked;
}

// fds come ascending. More than fit (some 20 000) are not listed.
static void add_fd(struct text *text, const char *number, bool *first) {
	if (text->end - text->at < 16)
		return;
	add(text, *first ? "" : ",");
	add(text, number);
	*first = false;
}

static void add_fds_one_by_one(struct text *text) {
	bool first = true;
	for (int fd = STDERR_FILENO + 1; fd < 65536; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		char number[8];
		struct text digits = {number, number + sizeof number - 1};
		add_number(&digits, (uint64_t)fd, 10);
		add_fd(text, number, &first);
	}
}

// From /proc, which lists them in order; the kernel's own layout of entries, as libc would allocate for a DIR.
static void add_fds(struct text *text) {
	struct entry {
		uint64_t inode;
		int64_t offset;
		unsigned short length;
		unsigned char type;
		char name[];
	};
	static _Alignas(struct entry) char buffer[8192];
	int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		add_fds_one_by_one(text);
		return;
	}
	bool first = true;
	long size;
	while ((size = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < size;) {
			const struct entry *entry = (const struct entry *)(buffer + at);
			at += entry->length;
			int fd = 0;
			for (const char *digit = entry->name; *digit >= '0' && *digit <= '9'; digit++)
				fd = fd * 10 + (*digit - '0');
			if (fd > STDERR_FILENO && fd != folder)
				add_fd(text, entry->name, &first);
		}
	}
	close(folder);
}

void record_facts(char buffer[FACTS_SIZE]) {
	struct text text = {buffer, buffer + FACTS_SIZE - 1};
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	getrlimit(RLIMIT_NOFILE, &limit);

	add(&text, "RUNTS_LAUNCH=1;nofile=");
	add_number(&text, limit.rlim_cur, 10);
	add(&text, ":");
	add_number(&text, limit.rlim_max, 10);
	add(&text, ";ignored=");
	add_number(&text, ignored_signals(), 16);
	add(&text, ";blocked=");
	add_number(&text, blocked_signals(), 16);
	add(&text, ";fds=");
	add_fds(&text);
}
