// Namespaces, and the process as such: sessions, keyrings, dispositions.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../core/clone.h"
#include "init.h"

#define TIMENS_OFFSETS "/proc/self/timens_offsets"

int do_join_cgroup(struct init *init, const struct op_join_cgroup *op) {
	for (uint32_t i = 0; i < op->files.count; i++) {
		if (write_file(AT_FDCWD, op->files.items[i], "0") < 0)
			return fails(init, "write", op->files.items[i]);
	}
	return 0;
}

int do_cpu_affinity(struct init *init, const struct op_cpu_affinity *op) {
	static uint8_t all[1024]; // the kernel's largest NR_CPUS is 8192
	const void *mask = op->mask.length > 0 ? op->mask.items : memset(all, 0xff, sizeof all);
	size_t size = op->mask.length > 0 ? op->mask.length : sizeof all;
	return syscall(SYS_sched_setaffinity, 0, size, mask) < 0 ? fails(init, "sched_setaffinity", "") : 0;
}

int do_oom_score_adj(struct init *init, const struct op_oom_score_adj *op) {
	char text[16];
	snprintf(text, sizeof text, "%d", op->value);
	if (write_file(private_procfs(init), "self/oom_score_adj", text) < 0)
		return fails(init, "write", "/proc/self/oom_score_adj");
	return 0;
}

// It shows the pid namespace of its opener.
static void drop_procfs(struct init *init) {
	if (init->procfs < 0 || init->keeps_procfs)
		return;
	close(init->procfs);
	init->procfs = -1;
}

int do_setns(struct init *init, const struct op_setns *op) {
	if (init->joined & op->type)
		return 0;
	if (op->type == CLONE_NEWNS)
		init->keeps_procfs = private_procfs(init) >= 0;
	if (setns(op->fd, (int)op->type) < 0)
		return op->yield && errno == EPERM ? 0 : fails(init, "setns", "");
	init->joined |= op->type;
	return 0;
}

int do_join_process(struct init *init, const struct op_join_process *op) {
	// In a user namespace a procfs can be mounted only where a whole one is seen already. Ours is a mount of its own, and
	// nobody in there may trace us.
	if (op->types & CLONE_NEWUSER)
		init->keeps_procfs = private_procfs(init) >= 0;
	if (op->types != 0 && setns(op->pidfd, (int)op->types) < 0)
		return fails(init, "setns", "");
	// What we hold of the host's files must not be there any more when others can see us.
	close(op->pidfd);
	drop_procfs(init);
	init->pivoted = true;
	init->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return init->root < 0 ? fails(init, "open", "/") : 0;
}

int do_user_namespace(struct init *init, const struct op_user_namespace *op) {
	(void)op;
	// /proc/PID/uid_map must belong to the user for him, or his newuidmap, to write it. Root's it is anyhow, and root without
	// capabilities must not look into us: as the owner of this namespace any container of the host's pid namespace would have
	// the right to, and we still have the root of the host for ours.
	bool ordinary = geteuid() != 0;
	if (unshare(CLONE_NEWUSER) < 0)
		return fails(init, "unshare", "");
	prctl(PR_SET_DUMPABLE, ordinary);
	struct message message = {.type = MESSAGE_USER_NAMESPACE, .step = init->step};
	if (message_send(init->sync, &message, -1) < 0 || message_wait_answer(init->sync) < 0)
		return fails(init, "recv", "sync socket");
	prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

// Whether this user namespace lets nobody change his groups (user_namespaces(7), /proc/PID/setgroups).
bool groups_are_fixed(struct init *init) {
	char text[16];
	ssize_t length = read_file(private_procfs(init), "self/setgroups", text, sizeof text);
	return length >= 4 && strncmp(text, "deny", 4) == 0;
}

int do_assume_ids(struct init *init, const struct op_assume_ids *op) {
	if (setgroups(0, NULL) < 0 && !(errno == EPERM && groups_are_fixed(init)))
		return fails(init, "setgroups", "");
	if (setresgid(op->gid, op->gid, op->gid) < 0)
		return fails(init, "setresgid", "");
	if (setresuid(op->uid, op->uid, op->uid) < 0)
		return fails(init, "setresuid", "");
	// As for every change of ids.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

int do_unshare(struct init *init, const struct op_unshare *op) {
	return unshare((int)op->flags) < 0 ? fails(init, "unshare", "") : 0;
}

static int open_timens_offsets(struct init *init) {
	return openat(private_procfs(init), "self/timens_offsets", O_WRONLY | O_CLOEXEC);
}

int do_open_timens_offsets(struct init *init, const struct op_open_timens_offsets *op) {
	(void)op;
	// As for uid_map.
	prctl(PR_SET_DUMPABLE, geteuid() != 0);
	init->timens_offsets = open_timens_offsets(init);
	if (init->timens_offsets < 0)
		fails(init, "open", TIMENS_OFFSETS);
	prctl(PR_SET_DUMPABLE, 0);
	return init->timens_offsets < 0 ? -1 : 0;
}

int do_timens_offsets(struct init *init, const struct op_timens_offsets *op) {
	int fd = init->timens_offsets >= 0 ? init->timens_offsets : open_timens_offsets(init);
	init->timens_offsets = -1;
	return write_open_file(fd, op->text) < 0 ? fails(init, "write", TIMENS_OFFSETS) : 0;
}

// CLONE_PARENT: the process that goes on is a child of the runtime too, which can wait for it, and which an engine's
// subreaper inherits it from.
int do_fork(struct init *init, const struct op_fork *op) {
	(void)op;
	struct clone_args args = {.flags = CLONE_PARENT, .exit_signal = 0};
	long pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid < 0)
		return fails(init, "clone3", "");
	if (pid > 0) {
		struct message message = {.type = MESSAGE_PID, .step = init->step, .value = (int32_t)pid};
		message_send(init->sync, &message, -1);
		_exit(0);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL); // not inherited
	drop_procfs(init);
	// The runtime has hold of us before we go on: from then on it can end us, whatever happens.
	return message_wait_answer(init->sync) < 0 ? fails(init, "recv", "sync socket") : 0;
}

int do_new_session(struct init *init, const struct op_new_session *op) {
	(void)op;
	return setsid() < 0 ? fails(init, "setsid", "") : 0;
}

// The SELinux context of the keys that are made from now on; "" is that of their maker.
static int label_keys(struct init *init, const char *label) {
	if (write_file(private_procfs(init), "self/attr/keycreate", label) < 0)
		return fails(init, "write", "`/proc/self/attr/keycreate`");
	return 0;
}

int do_session_keyring(struct init *init, const struct op_session_keyring *op) {
	bool labelled = op->label[0] != 0;
	if (labelled && label_keys(init, op->label) < 0)
		return -1;
	long keyring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, op->name, 0, 0, 0);
	if (keyring < 0) {
		if (errno != ENOSYS)
			return fails(init, "keyctl KEYCTL_JOIN_SESSION_KEYRING", op->name);
		warn(init, "keyctl KEYCTL_JOIN_SESSION_KEYRING", op->name);
		return 0;
	}
	// All rights for the possessor, all but setattr for the user: processes exec'd later must be able to find it.
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, 0x3f1f0000, 0, 0) < 0)
		return fails(init, "keyctl KEYCTL_SETPERM", op->name);
	return labelled ? label_keys(init, "") : 0;
}

int do_hostname(struct init *init, const struct op_hostname *op) {
	return sethostname(op->name, strlen(op->name)) < 0 ? fails(init, "sethostname", op->name) : 0;
}

int do_domainname(struct init *init, const struct op_domainname *op) {
	return setdomainname(op->name, strlen(op->name)) < 0 ? fails(init, "setdomainname", op->name) : 0;
}

int do_sysctl(struct init *init, const struct op_sysctl *op) {
	char path[256];
	if (snprintf(path, sizeof path, "sys/%s", op->path) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return fails(init, "open", op->path);
	}
	if (write_file(private_procfs(init), path, op->value) < 0)
		return fails(init, "write", op->path);
	return 0;
}
