#define _GNU_SOURCE
#include "facts.h"

#include <dirent.h>
#include <fcntl.h>
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

static void add_number(struct text *text, uint64_t number) {
	char digits[24], *digit = digits + sizeof digits;
	*--digit = '\0';
	do
		*--digit = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	add(text, digit);
}

// fds come ascending. More than fit (some 20 000) are not listed.
static void add_fd(struct text *text, const char *number, int fd, struct facts *facts) {
	bool first = facts->fd_count++ == STDERR_FILENO + 1;
	facts->last_fd = fd;
	if (text->end - text->at < 16)
		return;
	add(text, first ? "" : ",");
	add(text, number);
}

static void add_fds_one_by_one(struct text *text, struct facts *facts) {
	for (int fd = STDERR_FILENO + 1; fd < 65536; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		char number[8];
		struct text digits = {number, number + sizeof number - 1};
		add_number(&digits, (uint64_t)fd);
		add_fd(text, number, fd, facts);
	}
}

// From /proc, which lists them in order; the kernel's own layout of entries, as libc would allocate for a DIR.
static void add_fds(struct text *text, struct facts *facts) {
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
		add_fds_one_by_one(text, facts);
		return;
	}
	long size;
	while ((size = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < size;) {
			const struct entry *entry = (const struct entry *)(buffer + at);
			at += entry->length;
			int fd = 0;
			for (const char *digit = entry->name; *digit >= '0' && *digit <= '9'; digit++)
				fd = fd * 10 + (*digit - '0');
			if (fd <= STDERR_FILENO || fd == folder)
				continue;
			add_fd(text, entry->name, fd, facts);
		}
	}
	close(folder);
}

struct facts record_facts(char buffer[FACTS_SIZE]) {
	struct text text = {buffer, buffer + FACTS_SIZE - 1};
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	getrlimit(RLIMIT_NOFILE, &limit);

	add(&text, "1;nofile=");
	add_number(&text, limit.rlim_cur);
	add(&text, ":");
	add_number(&text, limit.rlim_max);
	add(&text, ";fds=");
	struct facts facts = {limit.rlim_cur, STDERR_FILENO, STDERR_FILENO + 1};
	add_fds(&text, &facts);
	return facts;
}
