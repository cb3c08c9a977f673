#include "error.h"

#include <cstring>

void ThrowErrno(Napi::Env env, int err, const char *syscall, const std::string &path, const std::string &dest) {
	const char *name = strerrorname_np(err);
	const std::string code = name == nullptr ? "E" + std::to_string(err) : name;
	std::string message = code + ": " + strerrordesc_np(err) + ", " + syscall;
	if (!path.empty())
		message += " '" + path + "'";
	if (!dest.empty())
		message += " -> '" + dest + "'";
	Napi::Error error = Napi::Error::New(env, message);
	error.Set("errno", Napi::Number::New(env, -err));
	error.Set("code", Napi::String::New(env, code));
	error.Set("syscall", Napi::String::New(env, syscall));
	if (!path.empty())
		error.Set("path", Napi::String::New(env, path));
	if (!dest.empty())
		error.Set("dest", Napi::String::New(env, dest));
	error.ThrowAsJavaScriptException();
}
