#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "error.h"
#include "parts.h"
#include "values.h"

extern "C" {
#include "program.h"
}

namespace {

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

// code or signal as ExitStatus wants them: undefined when it was the other.
void SetStatus(Napi::Env env, Napi::Object object, int code, int signal) {
	object.Set("code", signal == 0 && code >= 0 ? Napi::Number::New(env, code) : env.Undefined());
	object.Set("signal", signal != 0 ? Napi::Number::New(env, signal) : env.Undefined());
}

Napi::Value RunProgram(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const Napi::Object request = info[0].As<Napi::Object>();
	const std::string path = StringOf(request, "path"), cwd = StringOf(request, "cwd"),
			  input = StringOf(request, "stdin");
	const std::vector<std::string> args = StringsOf(request, "args"), environment = StringsOf(request, "env");
	const std::vector<const char *> argv = PointersTo(args), envp = PointersTo(environment);

	program native = {};
	native.path = path.c_str();
	native.args = argv.data();
	native.env = envp.data();
	native.cwd = cwd.empty() ? nullptr : cwd.c_str();
	native.input = input.data();
	native.input_size = input.size();
	native.timeout_ms = request.Get("timeoutMs").ToNumber().Uint32Value();

	const auto result = std::make_unique<program_result>();
	if (run_program(&native, result.get()) < 0) {
		ThrowErrno(env, result->error, result->failed, path);
		return env.Undefined();
	}
	Napi::Object object = Napi::Object::New(env);
	SetStatus(env, object, result->code, result->signal);
	object.Set("timedOut", Napi::Boolean::New(env, result->timed_out));
	object.Set("stdout", Napi::String::New(env, result->stdout_text, result->stdout_size));
	object.Set("stderr", Napi::String::New(env, result->stderr_text, result->stderr_size));
	return object;
}

Napi::Value PidfdOpen(const Napi::CallbackInfo &info) {
	const int pid = info[0].ToNumber().Int32Value();
	const long fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0) {
		ThrowErrno(info.Env(), errno, "pidfd_open", std::to_string(pid));
		return info.Env().Undefined();
	}
	return Napi::Number::New(info.Env(), static_cast<double>(fd));
}

void PidfdSendSignal(const Napi::CallbackInfo &info) {
	const int fd = info[0].ToNumber().Int32Value(), signal = info[1].ToNumber().Int32Value();
	if (syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0) < 0)
		ThrowErrno(info.Env(), errno, "pidfd_send_signal");
}

Napi::Value PidfdWait(const Napi::CallbackInfo &info) {
	pollfd event = {info[0].ToNumber().Int32Value(), POLLIN, 0};
	int ready;
	do
		ready = poll(&event, 1, info[1].ToNumber().Int32Value());
	while (ready < 0 && errno == EINTR);
	if (ready < 0) {
		ThrowErrno(info.Env(), errno, "poll", "pidfd");
		return info.Env().Undefined();
	}
	return Napi::Boolean::New(info.Env(), ready > 0);
}

Napi::Value Reap(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	siginfo_t status = {};
	int outcome;
	do
		outcome = waitid(P_PIDFD, static_cast<id_t>(info[0].ToNumber().Int32Value()), &status, WEXITED);
	while (outcome < 0 && errno == EINTR);
	if (outcome < 0) {
		ThrowErrno(env, errno, "waitid");
		return env.Undefined();
	}
	Napi::Object object = Napi::Object::New(env);
	const bool exited = status.si_code == CLD_EXITED;
	SetStatus(env, object, exited ? status.si_status : -1, exited ? 0 : status.si_status);
	return object;
}

void Kill(const Napi::CallbackInfo &info) {
	const int pid = info[0].ToNumber().Int32Value();
	if (kill(pid, info[1].ToNumber().Int32Value()) < 0)
		ThrowErrno(info.Env(), errno, "kill", std::to_string(pid));
}

void SetSubreaper(const Napi::CallbackInfo &info) {
	if (prctl(PR_SET_CHILD_SUBREAPER, info[0].ToBoolean().Value() ? 1 : 0, 0, 0, 0) < 0)
		ThrowErrno(info.Env(), errno, "prctl PR_SET_CHILD_SUBREAPER");
}

// Without a program the call never gets further than EFAULT; an unknown flag is EINVAL before that.
Napi::Value SeccompFlags(const Napi::CallbackInfo &info) {
	uint32_t known = 0;
	for (uint32_t bit = 1; bit <= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV; bit <<= 1) {
		// WAIT_KILLABLE_RECV is valid only with a listener.
		const uint32_t flags =
			bit == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ? bit | SECCOMP_FILTER_FLAG_NEW_LISTENER : bit;
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) < 0 && errno == EFAULT)
			known |= bit;
	}
	return Napi::Number::New(info.Env(), known);
}

void Exit(const Napi::CallbackInfo &info) { _exit(info[0].ToNumber().Int32Value()); }

} // namespace

void RegisterProcess(Napi::Env env, Napi::Object exports) {
	exports.Set("runProgram", Napi::Function::New<RunProgram>(env));
	exports.Set("pidfdOpen", Napi::Function::New<PidfdOpen>(env));
	exports.Set("pidfdSendSignal", Napi::Function::New<PidfdSendSignal>(env));
	exports.Set("pidfdWait", Napi::Function::New<PidfdWait>(env));
	exports.Set("reap", Napi::Function::New<Reap>(env));
	exports.Set("kill", Napi::Function::New<Kill>(env));
	exports.Set("setSubreaper", Napi::Function::New<SetSubreaper>(env));
	exports.Set("seccompFlags", Napi::Function::New<SeccompFlags>(env));
	exports.Set("exit", Napi::Function::New<Exit>(env));
}
