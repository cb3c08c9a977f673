// New filesystems, through fsopen(2) .. fsmount(2): not mounted anywhere yet. What the kernel has to say of a bad option is
// passed on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

// A value beyond this does not go through fsconfig(2) as a string.
#define FSCONFIG_VALUE_MAX 255

bool has_option(const struct string_list *options, const char *prefix) {
	for (uint32_t i = 0; i < options->count; i++) {
		if (strncmp(options->items[i], prefix, strlen(prefix)) == 0)
			return true;
	}
	return false;
}

bool needs_data_page(const struct filesystem *filesystem) {
	// Layers that the plan has taken apart go in one by one, the long ones as an fd.
	if (strcmp(filesystem->type, "overlay") == 0 && has_option(filesystem->options, "lowerdir+="))
		return false;
	for (uint32_t i = 0; i < filesystem->options->count; i++) {
		const char *value = strchr(filesystem->options->items[i], '=');
		if (value != NULL && strlen(value + 1) > FSCONFIG_VALUE_MAX)
			return true;
	}
	return false;
}

// The directory of an overlay's layer. Linux 6.13.
static int configure_path(int context, const char *key, const char *path) {
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -1;
	int outcome = (int)syscall(SYS_fsconfig, context, FSCONFIG_SET_FD, key, NULL, directory);
	int saved = errno;
	close(directory);
	errno = saved;
	return outcome;
}

static int configure(int context, const char *option) {
	const char *equals = strchr(option, '=');
	if (equals == NULL)
		return sys_fsconfig(context, FSCONFIG_SET_FLAG, option, NULL);
	char key[128];
	if (snprintf(key, sizeof key, "%.*s", (int)(equals - option), option) >= (int)sizeof key) {
		errno = E2BIG;
		return -1;
	}
	return strlen(equals + 1) > FSCONFIG_VALUE_MAX ? configure_path(context, key, equals + 1)
						       : sys_fsconfig(context, FSCONFIG_SET_STRING, key, equals + 1);
}

static int fails_in_context(struct init *init, int context, const char *syscall, const char *object) {
	char log[DETAIL_MAX];
	read_context_log(context, log, sizeof log);
	int error = errno;
	fails_with(init, syscall, object, log);
	close(context);
	errno = error;
	return -1;
}

int create_filesystem(struct init *init, const struct filesystem *filesystem, const char *extra) {
	int context = sys_fsopen(filesystem->type);
	if (context < 0)
		return fails(init, "fsopen", filesystem->type);
	if (filesystem->source[0] != 0 && sys_fsconfig(context, FSCONFIG_SET_STRING, "source", filesystem->source) < 0)
		return fails_in_context(init, context, "fsconfig", "source");
	for (uint32_t i = 0; i < filesystem->options->count; i++) {
		if (configure(context, filesystem->options->items[i]) < 0)
			return fails_in_context(init, context, "fsconfig", filesystem->options->items[i]);
	}
	if (extra != NULL && configure(context, extra) < 0)
		return fails_in_context(init, context, "fsconfig", extra);
	if (sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return fails_in_context(init, context, "fsconfig", filesystem->type);
	int mount_fd = sys_fsmount(context, 0);
	if (mount_fd < 0)
		return fails_in_context(init, context, "fsmount", filesystem->type);
	close(context);
	return mount_fd;
}
