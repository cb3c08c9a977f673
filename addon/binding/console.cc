#include <cerrno>

#include "error.h"
#include "parts.h"
#include "values.h"

extern "C" {
#include "send-fd.h"
#include "supervise.h"
}

namespace {

void HoldSignals(const Napi::CallbackInfo &info) {
	if (hold_signals() < 0)
		ThrowErrno(info.Env(), errno, "pipe2");
}

void LeaveNewlines(const Napi::CallbackInfo &info) {
	if (leave_newlines(info[0].ToNumber().Int32Value()) < 0)
		ThrowErrno(info.Env(), errno, "tcsetattr", "pty");
}

Napi::Value Supervise(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const Napi::Object request = info[0].As<Napi::Object>();
	supervision job = {};
	job.pidfd = NumberOf(request, "pidfd");
	job.pid = NumberOf(request, "pid");
	job.master = NumberOf(request, "master");
	const Napi::Value notify = request.Get("notify");
	const std::string manager = notify.IsObject() ? StringOf(notify.As<Napi::Object>(), "manager") : "";
	job.listener = notify.IsObject() ? NumberOf(notify.As<Napi::Object>(), "listener") : -1;
	job.manager = manager.c_str();
	const std::vector<int> pipes = NumbersOf(request, "pipes");
	const std::vector<int> stdio = NumbersOf(request, "stdio");
	for (size_t i = 0; i < 3; i++)
		job.pipes[i] = pipes.size() == 3 ? pipes[i] : -1;
	job.in = stdio.at(0);
	job.out = stdio.at(1);
	job.err = stdio.at(2);
	if (supervise(&job) < 0) {
		ThrowErrno(env, errno, "pipe2");
		return env.Undefined();
	}
	Napi::Object status = Napi::Object::New(env);
	status.Set("code", job.code >= 0 ? Napi::Number::New(env, job.code) : env.Undefined());
	status.Set("signal", job.signal != 0 ? Napi::Number::New(env, job.signal) : env.Undefined());
	return status;
}

void SendFd(const Napi::CallbackInfo &info) {
	const Napi::Object request = info[0].As<Napi::Object>();
	const std::string path = StringOf(request, "path");
	const std::string payload = StringOf(request, "payload");
	const int fd = NumberOf(request, "fd");

	const char *failed;
	if (send_fd_to(path.c_str(), payload.data(), payload.size(), fd, &failed) < 0)
		ThrowErrno(info.Env(), errno, failed, path);
}

} // namespace

void RegisterConsole(Napi::Env env, Napi::Object exports) {
	exports.Set("leaveNewlines", Napi::Function::New<LeaveNewlines>(env));
	exports.Set("holdSignals", Napi::Function::New<HoldSignals>(env));
	exports.Set("supervise", Napi::Function::New<Supervise>(env));
	exports.Set("sendFd", Napi::Function::New<SendFd>(env));
}
