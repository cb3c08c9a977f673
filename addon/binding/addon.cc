// runts.node: the typed door to the kernel. The whole contract, with its meaning, is src/native.ts; no policy in here.
#include <napi.h>

#include "bpf.h"
#include "parts.h"

extern "C" {
#include "operations.gen.h"
}

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
	exports.Set("buildId", Napi::String::New(env, RUNTS_BUILD_ID));
	RegisterSpawn(env, exports);
	RegisterProcess(env, exports);
	RegisterConsole(env, exports);
	RegisterFiles(env, exports);
	RegisterScheduling(env, exports);
	RegisterNetwork(env, exports);
	RegisterNotify(env, exports);
	RegisterAgent(env, exports);
	RegisterWorker(env, exports);
	RegisterBpf(env, exports);
	return exports;
}

NODE_API_MODULE(runts, Init)
