#include <cerrno>

#include "error.h"
#include "parts.h"

extern "C" {
#include "netlink.h"
}

namespace {

Napi::Value NetlinkSocket(const Napi::CallbackInfo &info) {
	const char *failed = "";
	const int fd = netlink_socket(info[0].ToNumber().Int32Value(), &failed);
	if (fd < 0) {
		ThrowErrno(info.Env(), errno, failed);
		return info.Env().Undefined();
	}
	return Napi::Number::New(info.Env(), fd);
}

} // namespace

void RegisterNetwork(Napi::Env env, Napi::Object exports) {
	exports.Set("netlinkSocket", Napi::Function::New<NetlinkSocket>(env));
}
