#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "error.h"
#include "parts.h"
#include "values.h"

extern "C" {
#include "supervise.h"
}

namespace {

// How long a receiver of an fd may take to accept the connection, and to read.
constexpr timeval kPatience = {10, 0};

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

// A socket path may be longer than sun_path holds: then it is reached through an fd of its directory.
int ConnectTo(const std::string &path, int *directory) {
	sockaddr_un address = {};
	address.sun_family = AF_UNIX;
	*directory = -1;
	std::string shown = path;
	if (path.size() >= sizeof address.sun_path) {
		const size_t slash = path.rfind('/');
		*directory = open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (*directory < 0)
			return -1;
		shown = "/proc/self/fd/" + std::to_string(*directory) + path.substr(slash);
		if (shown.size() >= sizeof address.sun_path) {
			errno = ENAMETOOLONG;
			return -1;
		}
	}
	memcpy(address.sun_path, shown.c_str(), shown.size() + 1);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	// A receiver that does not accept, or read, must not hold us for ever: then it is EAGAIN.
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
	int outcome;
	do
		outcome = connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address);
	while (outcome < 0 && errno == EINTR);
	if (outcome < 0) {
		const int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

// The fd goes with the first bytes; a stream may take the others later. False with errno.
bool SendWhole(int connection, const std::string &payload, int fd) {
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		cmsghdr align;
	} control = {};
	msghdr header = {};
	header.msg_iovlen = 1;
	header.msg_control = control.bytes;
	header.msg_controllen = sizeof control.bytes;
	cmsghdr *rights = CMSG_FIRSTHDR(&header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof fd);
	for (size_t done = 0; done < payload.size();) {
		iovec part = {const_cast<char *>(payload.data()) + done, payload.size() - done};
		header.msg_iov = &part;
		const ssize_t sent = sendmsg(connection, &header, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return false;
		if (sent <= 0)
			continue;
		done += static_cast<size_t>(sent);
		header.msg_control = nullptr;
		header.msg_controllen = 0;
	}
	return true;
}

void SendFd(const Napi::CallbackInfo &info) {
	const Napi::Object request = info[0].As<Napi::Object>();
	const std::string path = StringOf(request, "path");
	const std::string payload = StringOf(request, "payload");
	const int fd = NumberOf(request, "fd");

	int directory;
	const int connection = ConnectTo(path, &directory);
	const int error = errno;
	if (directory >= 0)
		close(directory);
	if (connection < 0) {
		ThrowErrno(info.Env(), error, "connect", path);
		return;
	}
	if (!SendWhole(connection, payload, fd))
		ThrowErrno(info.Env(), errno, "sendmsg", path);
	close(connection);
}

} // namespace

void RegisterConsole(Napi::Env env, Napi::Object exports) {
	exports.Set("leaveNewlines", Napi::Function::New<LeaveNewlines>(env));
	exports.Set("holdSignals", Napi::Function::New<HoldSignals>(env));
	exports.Set("supervise", Napi::Function::New<Supervise>(env));
	exports.Set("sendFd", Napi::Function::New<SendFd>(env));
}
