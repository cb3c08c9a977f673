// Device programs of cgroup v2, through bpf(2).
#ifndef RUNTS_BINDING_BPF_H
#define RUNTS_BINDING_BPF_H

#include <napi.h>

// Adds bpfLoadDevice, bpfAttachDevice, bpfDetachDevice and bpfQueryDevice (see src/native.ts) to `exports`.
void RegisterBpf(Napi::Env env, Napi::Object exports);

#endif
