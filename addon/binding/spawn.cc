#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "error.h"
#include "parts.h"
#include "values.h"

extern "C" {
#include "message.h"
#include "spawn.h"
}

namespace {

Napi::Value Spawn(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const Napi::Object request = info[0].As<Napi::Object>();
	const std::string init = StringOf(request, "init");
	const Napi::Uint8Array plan = request.Get("plan").As<Napi::Uint8Array>();
	std::vector<kept_fd> keep;
	for (const int fd : NumbersOf(request, "keepFds"))
		keep.push_back({fd, fd});
	const std::vector<int> stdio = NumbersOf(request, "stdio");

	spawn_request native = {};
	native.init = init.c_str();
	native.program = -1;
	native.plan = plan.Data();
	native.plan_size = plan.ByteLength();
	native.clone_flags = static_cast<uint64_t>(request.Get("cloneFlags").ToNumber().Int64Value());
	native.cgroup = NumberOf(request, "cgroupFd");
	for (size_t i = 0; i < 3; i++)
		native.stdio[i] = stdio.at(i);
	native.keep = keep.data();
	native.keep_count = keep.size();

	spawn_result result;
	if (spawn_init(&native, &result) < 0) {
		ThrowErrno(env, result.error, result.failed, init);
		return env.Undefined();
	}
	Napi::Object spawned = Napi::Object::New(env);
	spawned.Set("pid", Napi::Number::New(env, result.pid));
	spawned.Set("pidfd", Napi::Number::New(env, result.pidfd));
	spawned.Set("sync", Napi::Number::New(env, result.sync));
	return spawned;
}

Napi::Value SealProgram(const Napi::CallbackInfo &info) {
	const std::string path = info[0].ToString().Utf8Value();
	spawn_result result = {};
	const int fd = seal_program(path.c_str(), &result);
	if (fd < 0) {
		ThrowErrno(info.Env(), result.error, result.failed, path);
		return info.Env().Undefined();
	}
	return Napi::Number::New(info.Env(), fd);
}

Napi::Value Describe(Napi::Env env, const message &message, int fd) {
	Napi::Object object = Napi::Object::New(env);
	const auto type = [&](const char *name) { object.Set("type", Napi::String::New(env, name)); };
	const auto number = [&](const char *key, double value) { object.Set(key, Napi::Number::New(env, value)); };
	switch (message.type) {
	case MESSAGE_HELLO:
		type("hello");
		object.Set("build", Napi::String::New(env, message.syscall));
		break;
	case MESSAGE_PID:
		type("pid");
		number("pid", message.value);
		break;
	case MESSAGE_USER_NAMESPACE:
		type("userNamespace");
		break;
	case MESSAGE_NET_DEVICES:
		type("netDevices");
		number("namespace", fd);
		break;
	case MESSAGE_RUNTIME_HOOKS:
		type("runtimeHooks");
		break;
	case MESSAGE_CONSOLE:
		type("console");
		number("fd", fd);
		object.Set("name", Napi::String::New(env, message.object));
		break;
	case MESSAGE_SECCOMP:
		type("seccomp");
		number("fd", fd);
		break;
	case MESSAGE_READY:
		type("ready");
		break;
	case MESSAGE_WARNING:
	case MESSAGE_FAILED:
		type(message.type == MESSAGE_FAILED ? "failed" : "warning");
		number("step", message.step);
		number("errno", message.error);
		object.Set("syscall", Napi::String::New(env, message.syscall));
		object.Set("object", Napi::String::New(env, message.object));
		object.Set("detail", Napi::String::New(env, message.detail));
		break;
	default:
		ThrowErrno(env, EPROTO, "recv", "sync socket");
		return env.Undefined();
	}
	return object;
}

// One packet, and the file descriptor that came with it, from a socket; the same bytes from a FIFO.
ssize_t ReadPacket(int source, char *buffer, int *fd) {
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		cmsghdr align;
	} control;
	iovec part = {buffer, MESSAGE_MAX};
	msghdr header = {};
	header.msg_iov = &part;
	header.msg_iovlen = 1;
	header.msg_control = control.bytes;
	header.msg_controllen = sizeof control.bytes;
	ssize_t size = recvmsg(source, &header, MSG_CMSG_CLOEXEC);
	if (size < 0 && errno == ENOTSOCK)
		return read(source, buffer, MESSAGE_MAX);
	if (size < 0)
		return size;
	const cmsghdr *rights = CMSG_FIRSTHDR(&header);
	if (rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(rights), sizeof *fd);
	return size;
}

Napi::Value Receive(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const int source = info[0].ToNumber().Int32Value();
	const int timeout = info[1].ToNumber().Int32Value();
	char buffer[MESSAGE_MAX];
	int fd = -1;
	for (;;) {
		pollfd event = {source, POLLIN, 0};
		const int ready = poll(&event, 1, timeout);
		if (ready == 0) {
			ThrowErrno(env, ETIMEDOUT, "recv", "runts-init");
			return env.Undefined();
		}
		const ssize_t size = ready < 0 ? -1 : ReadPacket(source, buffer, &fd);
		// A peer that dies with our last answer unread resets the connection, which is told once, before its last words.
		if (size < 0 && (errno == EINTR || errno == EAGAIN || errno == ECONNRESET))
			continue;
		if (size == 0)
			return env.Undefined();
		message message;
		if (size < 0 || !message_unpack(buffer, static_cast<size_t>(size), &message)) {
			ThrowErrno(env, size < 0 ? errno : EPROTO, "recv", "runts-init");
			return env.Undefined();
		}
		return Describe(env, message, fd);
	}
}

Napi::Value Proceed(const Napi::CallbackInfo &info) {
	return Napi::Boolean::New(info.Env(), message_answer(info[0].ToNumber().Int32Value()) == 0);
}

} // namespace

void RegisterSpawn(Napi::Env env, Napi::Object exports) {
	exports.Set("spawn", Napi::Function::New<Spawn>(env));
	exports.Set("sealProgram", Napi::Function::New<SealProgram>(env));
	exports.Set("receive", Napi::Function::New<Receive>(env));
	exports.Set("proceed", Napi::Function::New<Proceed>(env));
}
