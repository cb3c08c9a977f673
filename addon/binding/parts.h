// Each part of the addon adds its functions to the exports.
#ifndef RUNTS_BINDING_PARTS_H
#define RUNTS_BINDING_PARTS_H

#include <napi.h>

void RegisterSpawn(Napi::Env env, Napi::Object exports);      // runts-init and its messages
void RegisterProcess(Napi::Env env, Napi::Object exports);    // pidfds, signals, hooks, seccomp
void RegisterConsole(Napi::Env env, Napi::Object exports);    // terminals, foreground containers
void RegisterFiles(Napi::Env env, Napi::Object exports);      // locks, FIFOs, namespaces
void RegisterScheduling(Napi::Env env, Napi::Object exports); // policies and priorities
void RegisterNetwork(Napi::Env env, Napi::Object exports);    // netlink
void RegisterNotify(Napi::Env env, Napi::Object exports);     // sd_notify
void RegisterAgent(Napi::Env env, Napi::Object exports);      // the resident agent
void RegisterWorker(Napi::Env env, Napi::Object exports);     // criu and its messages

#endif
