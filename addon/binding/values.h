// Reading the fields of argument objects. TypeScript has checked their types (src/native.ts); a wrong one here is a
// defect of ours and ends in a TypeError that names the field.
#ifndef RUNTS_BINDING_VALUES_H
#define RUNTS_BINDING_VALUES_H

#include <napi.h>

#include <string>
#include <vector>

inline std::string StringOf(const Napi::Object &object, const char *key) {
	return object.Get(key).ToString().Utf8Value();
}

inline int32_t NumberOf(const Napi::Object &object, const char *key) { return object.Get(key).ToNumber().Int32Value(); }

inline std::vector<std::string> StringsOf(const Napi::Object &object, const char *key) {
	const Napi::Array array = object.Get(key).As<Napi::Array>();
	std::vector<std::string> strings;
	for (uint32_t i = 0; i < array.Length(); i++)
		strings.push_back(array.Get(i).ToString().Utf8Value());
	return strings;
}

inline std::vector<int> NumbersOf(const Napi::Object &object, const char *key) {
	const Napi::Array array = object.Get(key).As<Napi::Array>();
	std::vector<int> numbers;
	for (uint32_t i = 0; i < array.Length(); i++)
		numbers.push_back(array.Get(i).ToNumber().Int32Value());
	return numbers;
}

// argv or envp: pointers into `strings`, and a final NULL.
inline std::vector<const char *> PointersTo(const std::vector<std::string> &strings) {
	std::vector<const char *> pointers;
	for (const std::string &text : strings)
		pointers.push_back(text.c_str());
	pointers.push_back(nullptr);
	return pointers;
}

#endif
