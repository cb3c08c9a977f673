// runts-init: the container's first process until the user's program is exec'd. One thread, no policy: it runs the
// steps of its plan in order, and tells the runtime which one failed and how.
#ifndef RUNTS_INIT_H
#define RUNTS_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../core/message.h"
#include "../core/operations.gen.h"

#define DETAIL_MAX 1024

struct failure {
	const char *syscall;
	const char *object;
	char detail[DETAIL_MAX];
	int error;
};

struct init {
	int sync;
	int channel; // where failures are told: the sync socket, after the gate its result FIFO
	bool channel_is_fifo;
	int root;           // O_PATH of the root of the container's files; -1 before the `rootfs` step
	int procfs;         // a private procfs; -1 until it is needed
	bool keeps_procfs;  // where we go we might get none, or one that others control
	int timens_offsets; // open for writing; -1: not opened in advance
	uint32_t joined;    // CLONE_NEW* of the `setns` steps that have succeeded
	int *trees;         // what is in the slots of openTree and openFilesystem; -1: nothing
	uint32_t tree_count;
	int refused;      // errno of a mountFilesystem that has yielded to the next step; 0: none
	bool covers_root; // the rootfs is mounted over "/"
	bool pivoted;
	bool in_cwd;  // a `chdir` step has succeeded
	mode_t umask; // the caller's
	uint32_t step;
	const struct op_exec *program; // what the plan ends in
	const char *executable;        // set by the `findExecutable` step, as is
	const char *const *env;        // the program's environment, HOME added
	struct arena arena;
	struct failure failure;
};

// One for each row of the operation table: 0, or -1 with init->failure filled in.
#define DECLARE(upper, lower) int do_##lower(struct init *init, const struct op_##lower *op);
RUNTS_OPERATIONS(DECLARE)
#undef DECLARE

// Notes a failed system call with the present errno; returns -1, to be returned in turn.
int fails(struct init *init, const char *syscall, const char *object);
// The same with a sentence of the kernel's or a fact to go with it.
int fails_with(struct init *init, const char *syscall, const char *object, const char *detail);
// Tells of something that did not work and is passed over.
void warn(struct init *init, const char *syscall, const char *object);
// Sends init->failure and ends the process.
void report_failure(struct init *init) __attribute__((noreturn));
// Ends the process whatever a seccomp filter says.
void end(int code) __attribute__((noreturn));

// ---- namespaces.c
bool groups_are_fixed(struct init *init);

// ---- execute.c: the program's environment, with HOME added when it has none. Before a filter that forbids mmap or open.
const char *const *with_home(struct init *init, const struct op_exec *op);

// ---- files.c: paths inside the container's root, resolved by the kernel with RESOLVE_IN_ROOT
// O_PATH fd (or as `flags` says) of `path` in the root; -1 with errno.
int open_in_root(const struct init *init, const char *path, int flags, uint64_t extra_resolve);
// Like it, but makes what is missing: directories 0755, the last element a file when `file` is set.
int make_in_root(const struct init *init, const char *path, bool file);
// The directory that holds the last element of `path`, made when missing, and that element's name in `name`.
int parent_in_root(const struct init *init, const char *path, char name[256]);
// A procfs of our own that no mount of the container can cover; opened on first use.
int private_procfs(struct init *init);
// "self/fd/N" below private_procfs(), in a static buffer.
const char *fd_link(int fd);
// Reads up to size-1 bytes of a file and ends them with NUL; length or -1.
ssize_t read_file(int directory, const char *path, char *buffer, size_t size);
int write_file(int directory, const char *path, const char *text);
// The same, and closes it; a negative `fd` is one that could not be opened.
int write_open_file(int fd, const char *text);

// ---- filesystem.c
struct filesystem {
	const char *type, *source;
	const struct string_list *options;
};
bool has_option(const struct string_list *options, const char *prefix);
// Whether it has to go through mount(2) for one of its options to fit.
bool needs_data_page(const struct filesystem *filesystem);
// A filesystem that is not mounted anywhere yet, with one more option unless that is NULL; -1 with the failure noted.
int create_filesystem(struct init *init, const struct filesystem *filesystem, const char *extra);

// ---- trees.c: what is in the slot, which is empty then; -1: nothing, or no slot
int take_tree(struct init *init, int32_t slot);

// ---- copy.c: fills a new tmpfs with what the root has at `path`
int copy_up(struct init *init, const char *path, int mount_fd);

// ---- mount-api.c: system calls that neither libc wraps
struct mount_attributes {
	uint64_t set, clear, propagation, userns;
};
int sys_open_tree(int directory, const char *path, unsigned flags);
int sys_move_mount(int from, int to);
int sys_mount_setattr(int fd, bool recursive, const struct mount_attributes *attributes);
int sys_fsopen(const char *type);
int sys_fsconfig(int fd, unsigned command, const char *key, const char *value);
int sys_fsmount(int fd, unsigned attributes);
// The sentence the kernel left in a filesystem context ("tmpfs: Bad value for 'size'"), without its level; or "".
void read_context_log(int fd, char *text, size_t size);

#endif
