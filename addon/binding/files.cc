#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "error.h"
#include "parts.h"

namespace {

int IntArgument(const Napi::CallbackInfo &info, size_t index) { return info[index].ToNumber().Int32Value(); }

Napi::Value Flock(const Napi::CallbackInfo &info) {
	const std::string mode = info[1].ToString().Utf8Value();
	const int operation = mode == "shared" ? LOCK_SH : mode == "exclusive" ? LOCK_EX : LOCK_UN;
	if (flock(IntArgument(info, 0), operation | LOCK_NB) == 0)
		return Napi::Boolean::New(info.Env(), true);
	if (errno == EWOULDBLOCK)
		return Napi::Boolean::New(info.Env(), false);
	ThrowErrno(info.Env(), errno, "flock");
	return info.Env().Undefined();
}

void Mkfifo(const Napi::CallbackInfo &info) {
	const std::string path = info[0].ToString().Utf8Value();
	if (mkfifo(path.c_str(), info[1].ToNumber().Uint32Value()) < 0)
		ThrowErrno(info.Env(), errno, "mkfifo", path);
}

void DetachMount(const Napi::CallbackInfo &info) {
	const std::string path = info[0].ToString().Utf8Value();
	if (umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		ThrowErrno(info.Env(), errno, "umount2", path);
}

Napi::Value MakePipe(const Napi::CallbackInfo &info) {
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0) {
		ThrowErrno(info.Env(), errno, "pipe2");
		return info.Env().Undefined();
	}
	Napi::Object pipe = Napi::Object::New(info.Env());
	pipe.Set("read", Napi::Number::New(info.Env(), ends[0]));
	pipe.Set("write", Napi::Number::New(info.Env(), ends[1]));
	return pipe;
}

Napi::Value Eventfd(const Napi::CallbackInfo &info) {
	const int fd = eventfd(0, EFD_CLOEXEC);
	if (fd < 0) {
		ThrowErrno(info.Env(), errno, "eventfd");
		return info.Env().Undefined();
	}
	return Napi::Number::New(info.Env(), fd);
}

Napi::Value NamespaceType(const Napi::CallbackInfo &info) {
	const int type = ioctl(IntArgument(info, 0), NS_GET_NSTYPE);
	if (type < 0) {
		ThrowErrno(info.Env(), errno, "ioctl NS_GET_NSTYPE");
		return info.Env().Undefined();
	}
	return Napi::Number::New(info.Env(), type);
}

} // namespace

void RegisterFiles(Napi::Env env, Napi::Object exports) {
	exports.Set("flock", Napi::Function::New<Flock>(env));
	exports.Set("makePipe", Napi::Function::New<MakePipe>(env));
	exports.Set("eventfd", Napi::Function::New<Eventfd>(env));
	exports.Set("detachMount", Napi::Function::New<DetachMount>(env));
	exports.Set("mkfifo", Napi::Function::New<Mkfifo>(env));
	exports.Set("namespaceType", Napi::Function::New<NamespaceType>(env));
}
