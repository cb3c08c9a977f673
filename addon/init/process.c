// What the user's program is allowed: limits, ids, capabilities.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init.h"

#define LAST_SIGNAL 64
#define LAST_CAPABILITY 63

int do_umask(struct init *init, const struct op_umask *op) {
	umask(op->mask == -1 ? init->umask : (mode_t)op->mask);
	return 0;
}

int do_no_new_privileges(struct init *init, const struct op_no_new_privileges *op) {
	(void)op;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fails(init, "prctl PR_SET_NO_NEW_PRIVS", "") : 0;
}

int do_rlimit_ceiling(struct init *init, const struct op_rlimit_ceiling *op) {
	struct {
		uint64_t soft, hard;
	} limit;
	if (syscall(SYS_prlimit64, 0, op->resource, NULL, &limit) < 0)
		return fails(init, "prlimit", "");
	if (limit.soft >= op->soft && limit.hard >= op->hard)
		return 0;
	if (limit.soft < op->soft)
		limit.soft = op->soft;
	if (limit.hard < op->hard)
		limit.hard = op->hard;
	return syscall(SYS_prlimit64, 0, op->resource, &limit, NULL) < 0 ? fails(init, "prlimit", "") : 0;
}

int do_personality(struct init *init, const struct op_personality *op) {
	return personality(op->persona) < 0 ? fails(init, "personality", "") : 0;
}

int do_rlimit(struct init *init, const struct op_rlimit *op) {
	struct {
		uint64_t soft, hard;
	} limit = {op->soft, op->hard};
	// The raw call: RLIM_INFINITY is all ones for the kernel, whatever a libc thinks.
	return syscall(SYS_prlimit64, 0, op->resource, &limit, NULL) < 0 ? fails(init, "prlimit", "") : 0;
}

int do_signals(struct init *init, const struct op_signals *op) {
	(void)op;
	// Raw, as libcs keep some of the real-time signals to themselves; 8 is the size of the kernel's sigset_t.
	for (int number = 1; number <= LAST_SIGNAL; number++) {
		struct {
			void (*handler)(int);
			unsigned long flags;
			void (*restorer)(void);
			uint64_t mask;
		} action = {.handler = SIG_DFL};
		syscall(SYS_rt_sigaction, number, &action, NULL,
			8); // fails for KILL and STOP only, which need no reset
	}
	uint64_t none = 0;
	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8) < 0 ? fails(init, "rt_sigprocmask", "") : 0;
}

int do_stdio_owner(struct init *init, const struct op_stdio_owner *op) {
	for (int fd = 0; fd < 3; fd++) {
		struct stat status;
		if (fstat(fd, &status) < 0)
			return fails(init, "stat", "stdio");
		if (status.st_uid == op->uid || (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3)))
			continue;
		if (fchown(fd, op->uid, (gid_t)-1) < 0 && errno != EROFS && errno != EPERM && errno != EINVAL)
			return fails(init, "chown", "stdio");
	}
	return 0;
}

int do_bounding_set(struct init *init, const struct op_bounding_set *op) {
	for (int number = 0; number <= LAST_CAPABILITY; number++) {
		if (op->bounding >> number & 1)
			continue;
		int held = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
		if (held < 0) // beyond the last one that this kernel knows
			break;
		if (held == 1 && prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0)
			return fails(init, "prctl PR_CAPBSET_DROP", "");
	}
	return 0;
}

int do_user(struct init *init, const struct op_user *op) {
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fails(init, "prctl PR_SET_KEEPCAPS", "");
	// Who has no groups to set, and may not, need not.
	if (setgroups(op->groups.count, op->groups.items) < 0 &&
	    !(errno == EPERM && op->groups.count == 0 && groups_are_fixed(init)))
		return fails(init, "setgroups", "");
	if (setresgid(op->gid, op->gid, op->gid) < 0)
		return fails(init, "setresgid", "");
	if (setresuid(op->uid, op->uid, op->uid) < 0)
		return fails(init, "setresuid", "");
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return fails(init, "prctl PR_SET_KEEPCAPS", "");
	// A change of ids clears it, and may reset what keeps us from being traced.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

int do_capabilities(struct init *init, const struct op_capabilities *op) {
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{(uint32_t)op->effective, (uint32_t)op->permitted, (uint32_t)op->inheritable},
		{(uint32_t)(op->effective >> 32), (uint32_t)(op->permitted >> 32), (uint32_t)(op->inheritable >> 32)},
	};
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return fails(init, "prctl PR_CAP_AMBIENT", "");
	if (syscall(SYS_capset, &header, data) < 0)
		return fails(init, "capset", "");
	for (unsigned number = 0; number <= LAST_CAPABILITY; number++) {
		if ((op->ambient >> number & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0)
			return fails(init, "prctl PR_CAP_AMBIENT_RAISE", "");
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

int do_chdir(struct init *init, const struct op_chdir *op) {
	if (init->in_cwd) // got in before the change of ids: the program need not be able to
		return 0;
	if (chdir(op->path) < 0) {
		if (!op->retry && (errno == EACCES || errno == EPERM))
			return 0;
		return fails(init, "chdir", op->path);
	}
	// A directory outside of the root, reached through a leaked fd or /proc, has no name here (CVE-2024-21626). The
	// raw call: libcs turn "(unreachable)" into an error or walk the directories instead.
	char name[4096];
	long length = syscall(SYS_getcwd, name, sizeof name);
	if (length < 0)
		return fails(init, "getcwd", op->path);
	if (name[0] != '/') {
		errno = ENOENT;
		return fails_with(init, "chdir", op->path, "the directory is outside of the container's root");
	}
	init->in_cwd = true;
	return 0;
}
