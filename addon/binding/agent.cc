// The agent's end of its socket (src/agent).
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "error.h"
#include "parts.h"
#include "values.h"

extern "C" {
#include "channel.h"
}

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 // Linux 6.5
#endif

namespace {

// How long a launcher may take to read what it is told.
constexpr timeval kPatience = {10, 0};
// How long it may be silent within a message. It has the whole of it before it sends anything.
constexpr timeval kPause = {1, 0};

// A byte is in it once we have been asked to end.
int termination[2] = {-1, -1};

void Terminate(int) {
	const int saved = errno;
	const ssize_t written = write(termination[1], "", 1);
	static_cast<void>(written);
	errno = saved;
}

void HoldTermination(const Napi::CallbackInfo &info) {
	if (pipe2(termination, O_CLOEXEC | O_NONBLOCK) < 0) {
		ThrowErrno(info.Env(), errno, "pipe2");
		return;
	}
	struct sigaction action = {};
	action.sa_handler = Terminate;
	action.sa_flags = SA_RESTART;
	for (const int number : {SIGTERM, SIGINT, SIGHUP})
		sigaction(number, &action, nullptr);
}

// Only for us from the beginning. The directory is that of the state, to which nobody else may write.
Napi::Value AgentListen(const Napi::CallbackInfo &info) {
	const std::string path = info[0].ToString().Utf8Value();
	sockaddr_un address = {};
	address.sun_family = AF_UNIX;
	if (path.size() >= sizeof address.sun_path) {
		ThrowErrno(info.Env(), ENAMETOOLONG, "bind", path);
		return info.Env().Undefined();
	}
	memcpy(address.sun_path, path.c_str(), path.size() + 1);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const mode_t mask = umask(0177);
	const bool listens = fd >= 0 && bind(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 &&
			     listen(fd, SOMAXCONN) == 0;
	const int error = errno;
	umask(mask);
	if (listens)
		return Napi::Number::New(info.Env(), fd);
	if (fd >= 0)
		close(fd);
	ThrowErrno(info.Env(), error, "bind", path);
	return info.Env().Undefined();
}

// -1 when it has ended. A kernel that knows of the option has to be believed: by now another process may have that pid.
int PeerPidfd(int connection, pid_t pid) {
	int fd = -1;
	socklen_t size = sizeof fd;
	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0)
		return fd;
	if (errno != ENOPROTOOPT)
		return -1;
	return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

Napi::Value AgentAccept(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	pollfd events[2] = {{info[0].ToNumber().Int32Value(), POLLIN, 0}, {termination[0], POLLIN, 0}};
	int ready;
	do
		ready = poll(events, 2, info[1].ToNumber().Int32Value());
	while (ready < 0 && errno == EINTR);
	if (ready <= 0 || events[1].revents != 0)
		return env.Undefined();
	const int connection = accept4(events[0].fd, nullptr, nullptr, SOCK_CLOEXEC);
	if (connection < 0) {
		ThrowErrno(env, errno, "accept4");
		return env.Undefined();
	}
	setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &kPause, sizeof kPause);
	ucred peer = {};
	socklen_t size = sizeof peer;
	getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	Napi::Object object = Napi::Object::New(env);
	object.Set("connection", Napi::Number::New(env, connection));
	object.Set("pid", Napi::Number::New(env, peer.pid));
	object.Set("pidfd", Napi::Number::New(env, PeerPidfd(connection, peer.pid)));
	return object;
}

// "" where there is none: kernels lack kinds of namespaces, and security modules labels (EINVAL).
std::string ReadLinkAt(int directory, const std::string &name) {
	char text[256];
	const ssize_t size = readlinkat(directory, name.c_str(), text, sizeof text);
	return size < 0 ? "" : std::string(text, static_cast<size_t>(size));
}

std::string ReadFileAt(int directory, const char *name) {
	char text[8192];
	const int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	const ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (fd >= 0)
		close(fd);
	return size < 0 ? "" : std::string(text, static_cast<size_t>(size));
}

// One call for a dozen files of /proc: every call that the agent answers begins with it.
Napi::Value ProcessMarks(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const std::string folder = "/proc/" + info[0].ToString().Utf8Value();
	const int directory = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat exe = {};
	if (directory < 0 || fstatat(directory, "exe", &exe, 0) < 0) {
		const int error = errno;
		if (directory >= 0)
			close(directory);
		ThrowErrno(env, error, "open", folder);
		return env.Undefined();
	}
	std::string namespaces;
	for (const char *name : {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"})
		namespaces += ReadLinkAt(directory, std::string("ns/") + name) + " ";
	Napi::Object marks = Napi::Object::New(env);
	const std::string identity = std::to_string(exe.st_dev) + ":" + std::to_string(exe.st_ino);
	marks.Set("exe", Napi::String::New(env, identity));
	marks.Set("status", Napi::String::New(env, ReadFileAt(directory, "status")));
	marks.Set("namespaces", Napi::String::New(env, namespaces));
	marks.Set("root", Napi::String::New(env, ReadLinkAt(directory, "root")));
	marks.Set("label", Napi::String::New(env, ReadFileAt(directory, "attr/current")));
	close(directory);
	return marks;
}

Napi::Value IsTerminated(const Napi::CallbackInfo &info) {
	pollfd event = {termination[0], POLLIN, 0};
	return Napi::Boolean::New(info.Env(), poll(&event, 1, 0) > 0);
}

// So that all fds that are opened from now on are at least `minimum`.
void RaiseDescriptors(const Napi::CallbackInfo &info) {
	const int minimum = info[0].ToNumber().Int32Value();
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd = null;
	while (fd >= 0 && fd < minimum)
		fd = fcntl(null, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		ThrowErrno(info.Env(), errno, "fcntl F_DUPFD_CLOEXEC");
		return;
	}
	close(fd);
}

void ChannelSend(const Napi::CallbackInfo &info) {
	const Napi::Uint8Array body = info[2].As<Napi::Uint8Array>();
	const Napi::Array list = info[3].As<Napi::Array>();
	std::vector<int> fds;
	for (uint32_t i = 0; i < list.Length(); i++)
		fds.push_back(list.Get(i).ToNumber().Int32Value());
	if (channel_send(info[0].ToNumber().Int32Value(), info[1].ToNumber().Uint32Value(), body.Data(),
			 body.ByteLength(), fds.data(), fds.size()) < 0)
		ThrowErrno(info.Env(), errno, "sendmsg", "launcher");
}

Napi::Value ChannelReceive(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const int connection = info[0].ToNumber().Int32Value();
	pollfd event = {connection, POLLIN, 0};
	int ready;
	do
		ready = poll(&event, 1, info[1].ToNumber().Int32Value());
	while (ready < 0 && errno == EINTR);
	channel_header header;
	int fds[CHANNEL_FDS];
	if (ready == 0)
		errno = ETIMEDOUT;
	const int got = ready <= 0 ? -1 : channel_receive_header(connection, &header, fds);
	if (got == 0)
		return env.Undefined();
	if (got < 0) {
		ThrowErrno(env, errno, "recvmsg", "launcher");
		return env.Undefined();
	}
	Napi::Buffer<uint8_t> body = Napi::Buffer<uint8_t>::New(env, header.size);
	const bool whole = channel_receive_body(connection, body.Data(), header.size) == 0;
	const int error = errno;
	Napi::Array list = Napi::Array::New(env, header.fd_count);
	for (uint32_t i = 0; i < header.fd_count; i++) {
		if (!whole)
			close(fds[i]);
		list.Set(i, Napi::Number::New(env, fds[i]));
	}
	if (!whole) {
		ThrowErrno(env, error, "recv", "launcher");
		return env.Undefined();
	}
	Napi::Object message = Napi::Object::New(env);
	message.Set("type", Napi::Number::New(env, header.type));
	message.Set("body", body);
	message.Set("fds", list);
	return message;
}

} // namespace

void RegisterAgent(Napi::Env env, Napi::Object exports) {
	exports.Set("holdTermination", Napi::Function::New<HoldTermination>(env));
	exports.Set("isTerminated", Napi::Function::New<IsTerminated>(env));
	exports.Set("agentListen", Napi::Function::New<AgentListen>(env));
	exports.Set("agentAccept", Napi::Function::New<AgentAccept>(env));
	exports.Set("processMarks", Napi::Function::New<ProcessMarks>(env));
	exports.Set("raiseDescriptors", Napi::Function::New<RaiseDescriptors>(env));
	exports.Set("channelSend", Napi::Function::New<ChannelSend>(env));
	exports.Set("channelReceive", Napi::Function::New<ChannelReceive>(env));
}
