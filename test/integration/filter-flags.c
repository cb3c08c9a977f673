/*
 * Runs COMMAND where seccomp(2) takes exactly these flags for a filter, and says EINVAL to all others: a kernel that lacks
 * some, or a way to learn which ones a program uses.
 *
 * usage: filter-flags FLAGS COMMAND [ARGUMENT]...
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))

int main(int argc, char **argv) {
	if (argc < 3) {
		fprintf(stderr, "usage: filter-flags FLAGS COMMAND [ARGUMENT]...\n");
		return 2;
	}
	struct sock_filter filter[] = {
		LOAD(nr),
		UNLESS(SYS_seccomp, 5),
		LOAD(args[0]),
		UNLESS(SECCOMP_SET_MODE_FILTER, 3),
		LOAD(args[1]),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)strtoul(argv[1], NULL, 0), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
		perror("seccomp");
		return 1;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
