#include <poll.h>

#include <cerrno>

#include "error.h"
#include "parts.h"
#include "values.h"

extern "C" {
#include "notify.h"
}

namespace {

Napi::Value NotifyListen(const Napi::CallbackInfo &info) {
	const std::string path = info[0].ToString().Utf8Value();
	const int fd = notify_listen(path.c_str());
	if (fd < 0) {
		ThrowErrno(info.Env(), errno, "bind", path);
		return info.Env().Undefined();
	}
	return Napi::Number::New(info.Env(), fd);
}

Napi::Value NotifyWait(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const Napi::Object request = info[0].As<Napi::Object>();
	pollfd events[2] = {{NumberOf(request, "listener"), POLLIN, 0}, {NumberOf(request, "pidfd"), POLLIN, 0}};
	for (;;) {
		if (poll(events, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			ThrowErrno(env, errno, "poll");
			return env.Undefined();
		}
		if ((events[0].revents & POLLIN) != 0) { // what it has said before its end counts
			if (notify_is_ready(events[0].fd))
				return Napi::Boolean::New(env, true);
		} else if (events[1].revents != 0) {
			return Napi::Boolean::New(env, false);
		}
	}
}

void NotifyManager(const Napi::CallbackInfo &info) {
	const Napi::Object request = info[0].As<Napi::Object>();
	const std::string manager = StringOf(request, "manager");
	if (notify_manager(manager.c_str(), NumberOf(request, "pid")) < 0)
		ThrowErrno(info.Env(), errno, "sendmsg", manager);
	else if (notify_barrier(manager.c_str(), NumberOf(request, "barrierMs")) < 0)
		ThrowErrno(info.Env(), errno, "BARRIER=1", manager);
}

} // namespace

void RegisterNotify(Napi::Env env, Napi::Object exports) {
	exports.Set("notifyListen", Napi::Function::New<NotifyListen>(env));
	exports.Set("notifyWait", Napi::Function::New<NotifyWait>(env));
	exports.Set("notifyManager", Napi::Function::New<NotifyManager>(env));
}
