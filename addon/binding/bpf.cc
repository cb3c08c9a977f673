#include "bpf.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "error.h"

namespace {

// RLIMIT_MEMLOCK is left alone: the memory of programs is charged to the memory cgroup (Linux 5.11).
constexpr char kLicense[] = "Apache-2.0";
constexpr char kName[] = "runts_devices"; // shown by bpftool prog

// The verifier gives up with EAGAIN when a signal arrives.
constexpr int kLoadAttempts = 5;

// More programs than the kernel takes on one cgroup (BPF_CGROUP_MAX_PROGS).
constexpr uint32_t kMaxPrograms = 64;

static_assert(sizeof(kName) <= BPF_OBJ_NAME_LEN, "name of the program is too long");

int Bpf(enum bpf_cmd command, union bpf_attr *attr) {
	return static_cast<int>(syscall(__NR_bpf, command, attr, sizeof(*attr)));
}

// bpf_attr is a union with holes between its members, all of which must be zero.
union bpf_attr EmptyAttr() {
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	return attr;
}

// Fds made by bpf(2) are close-on-exec by themselves.
int Load(const uint8_t *instructions, size_t length, std::vector<char> *log) {
	union bpf_attr attr = EmptyAttr();
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.expected_attach_type = BPF_CGROUP_DEVICE;
	attr.insns = reinterpret_cast<uintptr_t>(instructions);
	attr.insn_cnt = static_cast<uint32_t>(length / sizeof(struct bpf_insn));
	attr.license = reinterpret_cast<uintptr_t>(kLicense);
	memcpy(attr.prog_name, kName, sizeof(kName));
	if (log != nullptr) {
		attr.log_level = 1;
		attr.log_buf = reinterpret_cast<uintptr_t>(log->data());
		attr.log_size = static_cast<uint32_t>(log->size());
	}
	int fd = -1;
	for (int attempt = 0; attempt < kLoadAttempts; attempt++) {
		fd = Bpf(BPF_PROG_LOAD, &attr);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

// The last words of the verifier: what it refused.
std::string Tail(const std::vector<char> &log) {
	constexpr size_t kTail = 512;
	std::string text(log.data(), strnlen(log.data(), log.size()));
	return text.size() <= kTail ? text : text.substr(text.size() - kTail);
}

Napi::Value LoadDevice(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	if (info.Length() < 1 || !info[0].IsTypedArray()) {
		Napi::TypeError::New(env, "bpfLoadDevice: expected a Uint8Array").ThrowAsJavaScriptException();
		return env.Undefined();
	}
	const Napi::Uint8Array instructions = info[0].As<Napi::Uint8Array>();
	const int fd = Load(instructions.Data(), instructions.ByteLength(), nullptr);
	if (fd >= 0)
		return Napi::Number::New(env, fd);

	// Writing the log costs time, so only a program that was refused is loaded with one.
	const int err = errno;
	std::vector<char> log(64 * 1024, '\0');
	const int again = Load(instructions.Data(), instructions.ByteLength(), &log);
	if (again >= 0)
		return Napi::Number::New(env, again);
	ThrowErrno(env, err, "bpf(BPF_PROG_LOAD)", Tail(log));
	return env.Undefined();
}

bool Numbers(const Napi::CallbackInfo &info, size_t count) {
	bool good = info.Length() >= count;
	for (size_t i = 0; good && i < count; i++)
		good = info[i].IsNumber();
	if (!good)
		Napi::TypeError::New(info.Env(), "bpf: expected file descriptors").ThrowAsJavaScriptException();
	return good;
}

int FdAt(const Napi::CallbackInfo &info, size_t index) { return info[index].As<Napi::Number>().Int32Value(); }

Napi::Value AttachDevice(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	if (!Numbers(info, 3))
		return env.Undefined();
	const int replace = FdAt(info, 2);
	union bpf_attr attr = EmptyAttr();
	attr.target_fd = static_cast<uint32_t>(FdAt(info, 0));
	attr.attach_bpf_fd = static_cast<uint32_t>(FdAt(info, 1));
	attr.attach_type = BPF_CGROUP_DEVICE;
	// Programs of the cgroups above stay in force whatever is attached here.
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replace >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = static_cast<uint32_t>(replace);
	}
	if (Bpf(BPF_PROG_ATTACH, &attr) < 0)
		ThrowErrno(env, errno, "bpf(BPF_PROG_ATTACH)");
	return env.Undefined();
}

Napi::Value DetachDevice(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	if (!Numbers(info, 2))
		return env.Undefined();
	union bpf_attr attr = EmptyAttr();
	attr.target_fd = static_cast<uint32_t>(FdAt(info, 0));
	attr.attach_bpf_fd = static_cast<uint32_t>(FdAt(info, 1));
	attr.attach_type = BPF_CGROUP_DEVICE;
	if (Bpf(BPF_PROG_DETACH, &attr) < 0)
		ThrowErrno(env, errno, "bpf(BPF_PROG_DETACH)");
	return env.Undefined();
}

int OpenProgram(uint32_t id) {
	union bpf_attr attr = EmptyAttr();
	attr.prog_id = id;
	return Bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

Napi::Value QueryDevice(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	if (!Numbers(info, 1))
		return env.Undefined();
	std::vector<uint32_t> ids(kMaxPrograms);
	union bpf_attr attr = EmptyAttr();
	attr.query.target_fd = static_cast<uint32_t>(FdAt(info, 0));
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = reinterpret_cast<uintptr_t>(ids.data());
	attr.query.prog_cnt = kMaxPrograms;
	if (Bpf(BPF_PROG_QUERY, &attr) < 0) {
		ThrowErrno(env, errno, "bpf(BPF_PROG_QUERY)");
		return env.Undefined();
	}
	std::vector<int> fds;
	for (uint32_t i = 0; i < attr.query.prog_cnt; i++) {
		const int fd = OpenProgram(ids[i]);
		if (fd >= 0) {
			fds.push_back(fd);
			continue;
		}
		// ENOENT: detached since it was listed.
		const int err = errno;
		if (err == ENOENT)
			continue;
		for (const int open : fds)
			close(open);
		ThrowErrno(env, err, "bpf(BPF_PROG_GET_FD_BY_ID)");
		return env.Undefined();
	}
	Napi::Array result = Napi::Array::New(env, fds.size());
	for (size_t i = 0; i < fds.size(); i++)
		result.Set(static_cast<uint32_t>(i), Napi::Number::New(env, fds[i]));
	return result;
}

} // namespace

void RegisterBpf(Napi::Env env, Napi::Object exports) {
	exports.Set("bpfLoadDevice", Napi::Function::New(env, LoadDevice, "bpfLoadDevice"));
	exports.Set("bpfAttachDevice", Napi::Function::New(env, AttachDevice, "bpfAttachDevice"));
	exports.Set("bpfDetachDevice", Napi::Function::New(env, DetachDevice, "bpfDetachDevice"));
	exports.Set("bpfQueryDevice", Napi::Function::New(env, QueryDevice, "bpfQueryDevice"));
}
