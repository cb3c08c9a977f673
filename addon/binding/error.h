// Failed system calls as JavaScript exceptions with the fields that Node's own fs errors carry.
#ifndef RUNTS_BINDING_ERROR_H
#define RUNTS_BINDING_ERROR_H

#include <napi.h>

#include <string>

// Sets a pending exception with errno (negative), code ("ENOENT"), syscall and, when not empty, path and dest.
void ThrowErrno(Napi::Env env, int err, const char *syscall, const std::string &path = "",
		const std::string &dest = "");

#endif
