// runts_seccomp.node: turns a normalised seccomp profile into a BPF program with libseccomp. An addon of its own, so
// that libseccomp is loaded only when a program is not in the cache (src/host/seccomp-cache.ts).
#include <dlfcn.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <napi.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "error.h"

namespace {

// From this many system calls on a binary tree beats the plain list of comparisons (runc's number too).
constexpr size_t kTreeThreshold = 32;
// x32 system calls have this bit set; libseccomp's own checks decide about them when x32 is not in the profile.
constexpr uint32_t kX32Bit = 0x40000000;
// ARM's private calls (breakpoint, cacheflush, set_tls) live up here, far above the ordinary ones.
constexpr uint32_t kArmPrivate = 0x0f0000;

// What failed, in the terms of the profile: `path` is an architecture or the index of a rule, `dest` a system call.
struct Failure {
	int error = 0;
	const char *call = nullptr;
	std::string path;
	std::string dest;
};

class Filter {
public:
	explicit Filter(uint32_t default_action) : context_(seccomp_init(default_action)) {}
	~Filter() {
		if (context_ != nullptr)
			seccomp_release(context_);
	}
	Filter(const Filter &) = delete;
	Filter &operator=(const Filter &) = delete;
	scmp_filter_ctx get() const { return context_; }

private:
	scmp_filter_ctx context_;
};

class Fd {
public:
	explicit Fd(int fd) : fd_(fd) {}
	~Fd() {
		if (fd_ >= 0)
			close(fd_);
	}
	Fd(const Fd &) = delete;
	Fd &operator=(const Fd &) = delete;
	int get() const { return fd_; }

private:
	int fd_;
};

struct Rule {
	std::vector<std::string> names;
	uint32_t action;
	std::vector<scmp_arg_cmp> args;
};

struct Profile {
	uint32_t default_action;
	uint32_t newer_action;
	std::vector<std::string> architectures;
	std::vector<Rule> rules;
	std::vector<std::string> without_rule;
};

using Program = std::vector<sock_filter>;

// ---- reading the profile (src/plan/seccomp.ts, SeccompProfile)

uint32_t ReadU32(const Napi::Object &object, const char *key) { return object.Get(key).ToNumber().Uint32Value(); }

uint64_t ReadU64(const Napi::Object &object, const char *key) {
	bool lossless = false;
	return object.Get(key).As<Napi::BigInt>().Uint64Value(&lossless);
}

std::vector<std::string> ReadStrings(const Napi::Object &object, const char *key) {
	Napi::Array array = object.Get(key).As<Napi::Array>();
	std::vector<std::string> strings;
	for (uint32_t i = 0; i < array.Length(); i++)
		strings.push_back(array.Get(i).ToString().Utf8Value());
	return strings;
}

Rule ReadRule(const Napi::Object &object) {
	Rule rule{ReadStrings(object, "names"), ReadU32(object, "action"), {}};
	Napi::Array args = object.Get("args").As<Napi::Array>();
	for (uint32_t i = 0; i < args.Length(); i++) {
		Napi::Object arg = args.Get(i).As<Napi::Object>();
		rule.args.push_back({ReadU32(arg, "index"), static_cast<scmp_compare>(ReadU32(arg, "op")),
				     ReadU64(arg, "value"), ReadU64(arg, "valueTwo")});
	}
	return rule;
}

Profile ReadProfile(const Napi::Object &object) {
	Profile profile{ReadU32(object, "defaultAction"),
			ReadU32(object, "newerAction"),
			ReadStrings(object, "architectures"),
			{},
			ReadStrings(object, "withoutRule")};
	Napi::Array rules = object.Get("rules").As<Napi::Array>();
	for (uint32_t i = 0; i < rules.Length(); i++)
		profile.rules.push_back(ReadRule(rules.Get(i).As<Napi::Object>()));
	return profile;
}

// ---- libseccomp

// A name with a NUL inside must not pass as the shorter name in front of it.
int Resolve(const std::string &name) {
	if (name.find('\0') != std::string::npos)
		return __NR_SCMP_ERROR;
	return seccomp_syscall_resolve_name(name.c_str());
}

// The tokens of all architectures of the filter, the native one first.
bool AddArchitectures(const Filter &filter, const Profile &profile, std::vector<uint32_t> *tokens, Failure *failure) {
	tokens->push_back(seccomp_arch_native());
	for (const std::string &name : profile.architectures) {
		uint32_t token = seccomp_arch_resolve_name(name.c_str());
		if (token == 0) {
			*failure = {EINVAL, "seccomp_arch_resolve_name", name, ""};
			return false;
		}
		if (std::find(tokens->begin(), tokens->end(), token) != tokens->end())
			continue;
		int result = seccomp_arch_add(filter.get(), token);
		if (result < 0) {
			*failure = {-result, "seccomp_arch_add", name, ""};
			return false;
		}
		tokens->push_back(token);
	}
	return true;
}

bool AddRules(const Filter &filter, const Profile &profile, std::vector<std::string> *unknown, Failure *failure) {
	size_t added = 0;
	for (size_t i = 0; i < profile.rules.size(); i++) {
		const Rule &rule = profile.rules[i];
		for (const std::string &name : rule.names) {
			int number = Resolve(name);
			if (number == __NR_SCMP_ERROR) {
				unknown->push_back(name);
				continue;
			}
			int result = seccomp_rule_add_array(filter.get(), rule.action, number, rule.args.size(),
							    rule.args.data());
			if (result < 0) {
				*failure = {-result, "seccomp_rule_add_array", std::to_string(i), name};
				return false;
			}
			added++;
		}
	}
	// A libseccomp before 2.5 has no trees; the program is then longer, not wrong. Never without rules: 2.5.4
	// breaks.
	if (added > kTreeThreshold)
		seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return true;
}

bool ReadBack(int fd, Program *program, Failure *failure) {
	struct stat status;
	if (fstat(fd, &status) < 0) {
		*failure = {errno, "fstat", "", ""};
		return false;
	}
	program->resize(static_cast<size_t>(status.st_size) / sizeof(sock_filter));
	size_t size = program->size() * sizeof(sock_filter);
	ssize_t done = pread(fd, program->data(), size, 0);
	if (done != static_cast<ssize_t>(size)) {
		*failure = {done < 0 ? errno : EIO, "pread", "", ""};
		return false;
	}
	return true;
}

bool Export(const Filter &filter, Program *program, Failure *failure) {
	Fd memory(memfd_create("seccomp", MFD_CLOEXEC));
	if (memory.get() < 0) {
		*failure = {errno, "memfd_create", "", ""};
		return false;
	}
	int result = seccomp_export_bpf(filter.get(), memory.get());
	if (result < 0) {
		*failure = {-result, "seccomp_export_bpf", "", ""};
		return false;
	}
	return ReadBack(memory.get(), program, failure);
}

// ---- system calls newer than the profile
// An old profile cannot name what did not exist, and its default errno (EPERM) keeps C libraries from falling back to
// the older call as they do on ENOSYS. So a prologue answers for numbers above the highest one named. It stands in
// front of libseccomp's program, whose jumps are relative and which loads what it compares.

struct Abi {
	uint32_t audit_arch;
	uint32_t highest; // of the named system calls
	uint32_t ceiling; // numbers from here on are no ordinary calls
	bool multiplexed; // s390: an unknown large number arrives as 0, setup(2), long gone
};

uint32_t Ceiling(uint32_t token) {
	if (token == SCMP_ARCH_ARM)
		return kArmPrivate;
	return token == SCMP_ARCH_X32 ? 2 * kX32Bit : kX32Bit;
}

Abi AbiOf(uint32_t token, const std::vector<std::string> &names) {
	Abi abi{token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token, 0, Ceiling(token),
		token == SCMP_ARCH_S390 || token == SCMP_ARCH_S390X};
	for (const std::string &name : names) {
		if (name.find('\0') != std::string::npos)
			continue;
		int number = seccomp_syscall_resolve_name_arch(token, name.c_str());
		// Negative: libseccomp's stand-ins for calls that this architecture does not have.
		if (number >= 0 && static_cast<uint32_t>(number) < abi.ceiling) {
			abi.highest = std::max(abi.highest, static_cast<uint32_t>(number));
		}
	}
	return abi;
}

// Numbers between `highest` and `ceiling` get `action`; the accumulator holds the number.
void AppendRange(const Abi &abi, uint32_t action, Program *block) {
	if (abi.multiplexed) {
		block->push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1));
		block->push_back(BPF_STMT(BPF_RET | BPF_K, action));
	}
	block->push_back(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, abi.highest, 0, 2));
	block->push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, abi.ceiling, 1, 0));
	block->push_back(BPF_STMT(BPF_RET | BPF_K, action));
}

// One block for each AUDIT_ARCH_*: x86_64 and x32 share theirs. A block ends in a jump over all that follow it.
std::vector<Program> Blocks(const std::vector<Abi> &abis, uint32_t action) {
	std::vector<Program> blocks;
	std::vector<uint32_t> done;
	for (const Abi &first : abis) {
		if (std::find(done.begin(), done.end(), first.audit_arch) != done.end())
			continue;
		done.push_back(first.audit_arch);
		Program ranges;
		for (const Abi &abi : abis) {
			if (abi.audit_arch == first.audit_arch)
				AppendRange(abi, action, &ranges);
		}
		Program block;
		// Over the load, the ranges and the last jump, to the next block.
		block.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first.audit_arch, 0,
					 static_cast<uint8_t>(ranges.size() + 2)));
		block.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
		block.insert(block.end(), ranges.begin(), ranges.end());
		blocks.push_back(block);
	}
	return blocks;
}

Program Prologue(const std::vector<uint32_t> &tokens, const Profile &profile) {
	std::vector<std::string> names = profile.without_rule;
	for (const Rule &rule : profile.rules)
		names.insert(names.end(), rule.names.begin(), rule.names.end());
	std::vector<Abi> abis;
	for (uint32_t token : tokens) {
		Abi abi = AbiOf(token, names);
		if (abi.highest > 0)
			abis.push_back(abi); // nothing named: the profile says nothing about this architecture
	}
	std::vector<Program> blocks = Blocks(abis, profile.newer_action);
	size_t rest = 0;
	for (const Program &block : blocks)
		rest += block.size() + 1;
	Program prologue;
	if (!blocks.empty())
		prologue.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
	for (const Program &block : blocks) {
		rest -= block.size() + 1;
		prologue.insert(prologue.end(), block.begin(), block.end());
		prologue.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(rest)));
	}
	return prologue;
}

bool BuildProgram(const Profile &profile, Program *program, std::vector<std::string> *unknown, Failure *failure) {
	Filter filter(profile.default_action);
	if (filter.get() == nullptr) {
		*failure = {EINVAL, "seccomp_init", "", ""};
		return false;
	}
	std::vector<uint32_t> tokens;
	Program body;
	if (!AddArchitectures(filter, profile, &tokens, failure))
		return false;
	if (!AddRules(filter, profile, unknown, failure))
		return false;
	if (!Export(filter, &body, failure))
		return false;
	if (profile.newer_action != profile.default_action)
		*program = Prologue(tokens, profile);
	program->insert(program->end(), body.begin(), body.end());
	if (program->size() > BPF_MAXINSNS) {
		*failure = {E2BIG, "seccomp", std::to_string(program->size()), ""};
		return false;
	}
	return true;
}

// ---- what JavaScript sees (src/host/seccomp-addon.ts)

// compile(profile): {program, unknown}; throws {errno, syscall, path, dest}, see Failure.
Napi::Value Compile(const Napi::CallbackInfo &info) {
	Napi::Env env = info.Env();
	Profile profile = ReadProfile(info[0].As<Napi::Object>());
	if (env.IsExceptionPending())
		return env.Undefined();
	Program program;
	std::vector<std::string> unknown;
	Failure failure;
	if (!BuildProgram(profile, &program, &unknown, &failure)) {
		ThrowErrno(env, failure.error, failure.call, failure.path, failure.dest);
		return env.Undefined();
	}
	size_t size = program.size() * sizeof(sock_filter);
	Napi::Uint8Array bytes = Napi::Uint8Array::New(env, size);
	memcpy(bytes.Data(), program.data(), size);
	Napi::Array names = Napi::Array::New(env, unknown.size());
	for (uint32_t i = 0; i < unknown.size(); i++)
		names.Set(i, Napi::String::New(env, unknown[i]));
	Napi::Object result = Napi::Object::New(env);
	result.Set("program", bytes);
	result.Set("unknown", names);
	return result;
}

// libseccomp's version as "2.5.4".
Napi::Value Version(const Napi::CallbackInfo &info) {
	const struct scmp_version *version = seccomp_version();
	return Napi::String::New(info.Env(), std::to_string(version->major) + "." + std::to_string(version->minor) +
						     "." + std::to_string(version->micro));
}

// The file that libseccomp was loaded from: a cached program is void when it changes.
Napi::Value LibseccompPath(const Napi::CallbackInfo &info) {
	Dl_info library;
	if (dladdr(reinterpret_cast<const void *>(&seccomp_version), &library) == 0)
		return info.Env().Undefined();
	return Napi::String::New(info.Env(), library.dli_fname);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
	exports.Set("compile", Napi::Function::New(env, Compile, "compile"));
	exports.Set("version", Napi::Function::New(env, Version, "version"));
	exports.Set("libseccompPath", Napi::Function::New(env, LibseccompPath, "libseccompPath"));
	return exports;
}

} // namespace

NODE_API_MODULE(runts_seccomp, Init)
