// The CPU and I/O scheduling of another process. libcs wrap neither call, and their headers clash over struct sched_attr.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "error.h"
#include "parts.h"
#include "values.h"

namespace {

// struct sched_attr (linux/sched/types.h), with the clamps of Linux 5.3.
struct Attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
	uint32_t utilMin;
	uint32_t utilMax;
};
static_assert(sizeof(Attributes) == 56, "SCHED_ATTR_SIZE_VER1");

constexpr int kIoprioWhoProcess = 1; // linux/ioprio.h

uint64_t BigIntOf(const Napi::Object &object, const char *key) {
	bool lossless;
	return object.Get(key).As<Napi::BigInt>().Uint64Value(&lossless);
}

void SetScheduler(const Napi::CallbackInfo &info) {
	const int pid = info[0].ToNumber().Int32Value();
	const Napi::Object object = info[1].As<Napi::Object>();
	Attributes attributes = {};
	attributes.size = sizeof attributes;
	attributes.policy = static_cast<uint32_t>(NumberOf(object, "policy"));
	attributes.flags = static_cast<uint64_t>(NumberOf(object, "flags"));
	attributes.nice = NumberOf(object, "nice");
	attributes.priority = static_cast<uint32_t>(NumberOf(object, "priority"));
	attributes.runtime = BigIntOf(object, "runtime");
	attributes.deadline = BigIntOf(object, "deadline");
	attributes.period = BigIntOf(object, "period");
	if (syscall(SYS_sched_setattr, pid, &attributes, 0) < 0)
		ThrowErrno(info.Env(), errno, "sched_setattr", std::to_string(pid));
}

Napi::Value GetScheduler(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const int pid = info[0].ToNumber().Int32Value();
	Attributes attributes = {};
	if (syscall(SYS_sched_getattr, pid, &attributes, sizeof attributes, 0) < 0) {
		ThrowErrno(env, errno, "sched_getattr", std::to_string(pid));
		return env.Undefined();
	}
	Napi::Object object = Napi::Object::New(env);
	object.Set("policy", Napi::Number::New(env, attributes.policy));
	object.Set("flags", Napi::Number::New(env, static_cast<double>(attributes.flags)));
	object.Set("nice", Napi::Number::New(env, attributes.nice));
	object.Set("priority", Napi::Number::New(env, attributes.priority));
	object.Set("runtime", Napi::BigInt::New(env, attributes.runtime));
	object.Set("deadline", Napi::BigInt::New(env, attributes.deadline));
	object.Set("period", Napi::BigInt::New(env, attributes.period));
	return object;
}

void SetIoPriority(const Napi::CallbackInfo &info) {
	const int pid = info[0].ToNumber().Int32Value();
	if (syscall(SYS_ioprio_set, kIoprioWhoProcess, pid, info[1].ToNumber().Int32Value()) < 0)
		ThrowErrno(info.Env(), errno, "ioprio_set", std::to_string(pid));
}

Napi::Value GetIoPriority(const Napi::CallbackInfo &info) {
	const int pid = info[0].ToNumber().Int32Value();
	const long value = syscall(SYS_ioprio_get, kIoprioWhoProcess, pid);
	if (value < 0) {
		ThrowErrno(info.Env(), errno, "ioprio_get", std::to_string(pid));
		return info.Env().Undefined();
	}
	return Napi::Number::New(info.Env(), static_cast<double>(value));
}

} // namespace

void RegisterScheduling(Napi::Env env, Napi::Object exports) {
	exports.Set("setScheduler", Napi::Function::New<SetScheduler>(env));
	exports.Set("getScheduler", Napi::Function::New<GetScheduler>(env));
	exports.Set("setIoPriority", Napi::Function::New<SetIoPriority>(env));
	exports.Set("getIoPriority", Napi::Function::New<GetIoPriority>(env));
}
