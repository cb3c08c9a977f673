#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "error.h"
#include "parts.h"
#include "values.h"

extern "C" {
#include "worker.h"
}

namespace {

constexpr size_t kPacketMax = 64 * 1024;
constexpr size_t kDescriptorsMax = 8;

Napi::Value StartWorker(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const Napi::Object request = info[0].As<Napi::Object>();
	const std::string path = StringOf(request, "path"), root = StringOf(request, "root"),
			  target = StringOf(request, "rootTarget");
	const std::vector<std::string> args = StringsOf(request, "args"), environment = StringsOf(request, "env");
	const std::vector<std::string> directories = StringsOf(request, "directories");
	const std::vector<const char *> argv = PointersTo(args), envp = PointersTo(environment),
					folders = PointersTo(directories);
	const std::vector<int> keep = NumbersOf(request, "keepFds");

	worker native = {};
	native.path = path.c_str();
	native.args = argv.data();
	native.env = envp.data();
	native.cgroup = NumberOf(request, "cgroupFd");
	native.keep = keep.data();
	native.keep_count = keep.size();
	native.root = root.empty() ? nullptr : root.c_str();
	native.root_target = target.c_str();
	native.directories = folders.data();
	native.directory_count = directories.size();
	if (directories.size() > WORKER_DIRECTORIES_MAX) {
		ThrowErrno(env, E2BIG, "startWorker");
		return env.Undefined();
	}
	// A file, not a pipe: nobody reads along, and a full pipe would stop it.
	const int complaints = memfd_create("runts-worker", MFD_CLOEXEC);
	if (complaints < 0) {
		ThrowErrno(env, errno, "memfd_create");
		return env.Undefined();
	}
	const std::vector<int> stdio = NumbersOf(request, "stdio");
	for (size_t i = 0; i < 3; i++)
		native.stdio[i] = i < stdio.size() ? stdio[i] : -1;
	if (stdio.empty())
		native.stdio[2] = complaints;
	worker_result result;
	if (start_worker(&native, &result) < 0) {
		close(complaints);
		ThrowErrno(env, result.error, result.failed, path);
		return env.Undefined();
	}
	Napi::Object started = Napi::Object::New(env);
	started.Set("pid", Napi::Number::New(env, result.pid));
	started.Set("pidfd", Napi::Number::New(env, result.pidfd));
	started.Set("socket", Napi::Number::New(env, result.socket));
	started.Set("stderr", Napi::Number::New(env, complaints));
	Napi::Array opened = Napi::Array::New(env);
	for (uint32_t i = 0; i < directories.size(); i++)
		opened.Set(i, Napi::Number::New(env, result.directories[i]));
	started.Set("directories", opened);
	return started;
}

void SendPacket(const Napi::CallbackInfo &info) {
	const Napi::Uint8Array data = info[1].As<Napi::Uint8Array>();
	ssize_t sent;
	do
		sent = send(info[0].ToNumber().Int32Value(), data.Data(), data.ByteLength(), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		ThrowErrno(info.Env(), errno, "send");
}

Napi::Array Descriptors(Napi::Env env, msghdr *header) {
	Napi::Array fds = Napi::Array::New(env);
	for (cmsghdr *part = CMSG_FIRSTHDR(header); part != nullptr; part = CMSG_NXTHDR(header, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
			fds.Set(fds.Length(), Napi::Number::New(env, fd));
		}
	}
	return fds;
}

Napi::Value ReceivePacket(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const int socket = info[0].ToNumber().Int32Value();
	std::vector<uint8_t> buffer(kPacketMax);
	union {
		char bytes[CMSG_SPACE(sizeof(int) * kDescriptorsMax)];
		cmsghdr align;
	} control;
	iovec part = {buffer.data(), buffer.size()};
	msghdr header = {};
	header.msg_iov = &part;
	header.msg_iovlen = 1;
	ssize_t size;
	do {
		header.msg_control = control.bytes;
		header.msg_controllen = sizeof control.bytes;
		size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	} while (size < 0 && (errno == EINTR || errno == ECONNRESET));
	if (size == 0)
		return env.Undefined();
	if (size < 0 || (header.msg_flags & MSG_TRUNC) != 0) {
		ThrowErrno(env, size < 0 ? errno : EMSGSIZE, "recv");
		return env.Undefined();
	}
	Napi::Object packet = Napi::Object::New(env);
	packet.Set("data", Napi::Buffer<uint8_t>::Copy(env, buffer.data(), static_cast<size_t>(size)));
	packet.Set("fds", Descriptors(env, &header));
	return packet;
}

} // namespace

void RegisterWorker(Napi::Env env, Napi::Object exports) {
	exports.Set("startWorker", Napi::Function::New<StartWorker>(env));
	exports.Set("sendPacket", Napi::Function::New<SendPacket>(env));
	exports.Set("receivePacket", Napi::Function::New<ReceivePacket>(env));
}
