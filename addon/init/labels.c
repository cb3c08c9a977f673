// The security modules: what the program is known as once execve has run it. All of it is written through a private
// procfs, where no mount of the container's can divert it (CVE-2019-16884, CVE-2025-52881).
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "init.h"

// The names in backticks are what Podman knows such a failure by.
#define APPARMOR_EXEC "self/attr/apparmor/exec"
#define SELINUX_EXEC "self/attr/exec"
#define SHOWN(path) "`/proc/" path "`"

int do_apparmor_profile(struct init *init, const struct op_apparmor_profile *op) {
	char text[PATH_MAX];
	if (snprintf(text, sizeof text, "exec %s", op->name) >= (int)sizeof text) {
		errno = ENAMETOOLONG;
		return fails(init, "write", SHOWN(APPARMOR_EXEC));
	}
	return write_file(private_procfs(init), APPARMOR_EXEC, text) < 0 ? fails(init, "write", SHOWN(APPARMOR_EXEC))
									 : 0;
}

int do_selinux_label(struct init *init, const struct op_selinux_label *op) {
	return write_file(private_procfs(init), SELINUX_EXEC, op->label) < 0 ? fails(init, "write", SHOWN(SELINUX_EXEC))
									     : 0;
}
