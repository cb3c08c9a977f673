// runts_systemd.node: method calls and signals of D-Bus, for talking to systemd; through libsystemd's sd-bus. An addon of its
// own, so that libsystemd is loaded only for containers whose cgroup systemd manages (src/host/systemd-addon.ts). It knows
// nothing of what is called. No wait is without a deadline.
#include <errno.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include <napi.h>

#include <string>

#include "error.h"
#include "values.h"

namespace {

constexpr uint64_t kMicrosecondsPerSecond = 1000000;
constexpr uint64_t kMicrosecondsPerMillisecond = 1000;
constexpr uint64_t kNanosecondsPerMicrosecond = 1000;

struct Connection {
	sd_bus *bus = nullptr;
	~Connection() { sd_bus_close_unref(bus); }
};

// Unreferences what it holds when it goes out of scope.
class Message {
public:
	Message() = default;
	~Message() { sd_bus_message_unref(message_); }
	Message(const Message &) = delete;
	Message &operator=(const Message &) = delete;
	sd_bus_message *get() const { return message_; }
	sd_bus_message **put() { return &message_; }

private:
	sd_bus_message *message_ = nullptr;
};

uint64_t Now() {
	timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return static_cast<uint64_t>(now.tv_sec) * kMicrosecondsPerSecond +
	       static_cast<uint64_t>(now.tv_nsec) / kNanosecondsPerMicrosecond;
}

uint64_t DeadlineOf(const Napi::Value &milliseconds) {
	const double given = milliseconds.ToNumber().DoubleValue();
	return Now() + static_cast<uint64_t>(given < 0 ? 0 : given) * kMicrosecondsPerMillisecond;
}

// Waits until there is something to read or write. 0, or -ETIMEDOUT when that is not before the deadline.
int Wait(sd_bus *bus, uint64_t deadline) {
	const uint64_t now = Now();
	if (now >= deadline)
		return -ETIMEDOUT;
	const int result = sd_bus_wait(bus, deadline - now);
	return result == -EINTR || result >= 0 ? 0 : result;
}

// ---- JavaScript -> D-Bus

// The length of the first complete type of a signature.
size_t TypeLength(const std::string &signature, size_t at) {
	if (at >= signature.size())
		return 0;
	if (signature[at] == 'a')
		return 1 + TypeLength(signature, at + 1);
	if (signature[at] != '(' && signature[at] != '{')
		return 1;
	size_t end = at + 1;
	while (end < signature.size() && signature[end] != ')' && signature[end] != '}')
		end += TypeLength(signature, end);
	return end + 1 - at;
}

int Append(sd_bus_message *message, const std::string &type, const Napi::Value &value);

// One value of `values` for each type.
int AppendAll(sd_bus_message *message, const std::string &signature, const Napi::Value &values) {
	if (!values.IsArray())
		return -EINVAL;
	const Napi::Array array = values.As<Napi::Array>();
	uint32_t index = 0;
	for (size_t at = 0; at < signature.size(); index++) {
		const size_t length = TypeLength(signature, at);
		if (index >= array.Length())
			return -EINVAL;
		const int result = Append(message, signature.substr(at, length), array.Get(index));
		if (result < 0)
			return result;
		at += length;
	}
	return index == array.Length() ? 0 : -EINVAL;
}

int64_t Signed(const Napi::Value &value) {
	bool lossless = false;
	return value.IsBigInt() ? value.As<Napi::BigInt>().Int64Value(&lossless) : value.ToNumber().Int64Value();
}

uint64_t Unsigned(const Napi::Value &value) {
	bool lossless = false;
	return value.IsBigInt() ? value.As<Napi::BigInt>().Uint64Value(&lossless)
				: static_cast<uint64_t>(value.ToNumber().Int64Value());
}

template <typename T> int AppendNumber(sd_bus_message *message, char type, T number) {
	return sd_bus_message_append_basic(message, type, &number);
}

int AppendBasic(sd_bus_message *message, char type, const Napi::Value &value) {
	switch (type) {
	case 'b':
		return AppendNumber<int>(message, type, value.ToBoolean().Value() ? 1 : 0);
	case 'y':
		return AppendNumber(message, type, static_cast<uint8_t>(Unsigned(value)));
	case 'n':
		return AppendNumber(message, type, static_cast<int16_t>(Signed(value)));
	case 'q':
		return AppendNumber(message, type, static_cast<uint16_t>(Unsigned(value)));
	case 'i':
		return AppendNumber(message, type, static_cast<int32_t>(Signed(value)));
	case 'u':
		return AppendNumber(message, type, static_cast<uint32_t>(Unsigned(value)));
	case 'x':
		return AppendNumber(message, type, Signed(value));
	case 't':
		return AppendNumber(message, type, Unsigned(value));
	case 'd':
		return AppendNumber(message, type, value.ToNumber().DoubleValue());
	case 's':
	case 'o':
	case 'g': {
		const std::string text = value.ToString().Utf8Value();
		// What follows a NUL would be lost without a word.
		if (text.find('\0') != std::string::npos)
			return -EINVAL;
		return sd_bus_message_append_basic(message, type, text.c_str());
	}
	default:
		return -EINVAL;
	}
}

int AppendArray(sd_bus_message *message, const std::string &element, const Napi::Value &value) {
	if (value.IsTypedArray() && element == "y") {
		const Napi::Uint8Array bytes = value.As<Napi::Uint8Array>();
		return sd_bus_message_append_array(message, 'y', bytes.Data(), bytes.ByteLength());
	}
	if (!value.IsArray())
		return -EINVAL;
	const Napi::Array array = value.As<Napi::Array>();
	int result = sd_bus_message_open_container(message, 'a', element.c_str());
	for (uint32_t i = 0; result >= 0 && i < array.Length(); i++)
		result = Append(message, element, array.Get(i));
	return result < 0 ? result : sd_bus_message_close_container(message);
}

int AppendStruct(sd_bus_message *message, const std::string &type, const Napi::Value &value) {
	const std::string contents = type.substr(1, type.size() - 2);
	int result = sd_bus_message_open_container(message, type[0] == '(' ? 'r' : 'e', contents.c_str());
	if (result >= 0)
		result = AppendAll(message, contents, value);
	return result < 0 ? result : sd_bus_message_close_container(message);
}

// {signature, value}
int AppendVariant(sd_bus_message *message, const Napi::Value &value) {
	if (!value.IsObject())
		return -EINVAL;
	const Napi::Object variant = value.As<Napi::Object>();
	const std::string type = StringOf(variant, "signature");
	int result = sd_bus_message_open_container(message, 'v', type.c_str());
	if (result >= 0)
		result = Append(message, type, variant.Get("value"));
	return result < 0 ? result : sd_bus_message_close_container(message);
}

int Append(sd_bus_message *message, const std::string &type, const Napi::Value &value) {
	if (type.empty())
		return -EINVAL;
	switch (type[0]) {
	case 'a':
		return AppendArray(message, type.substr(1), value);
	case '(':
	case '{':
		return AppendStruct(message, type, value);
	case 'v':
		return AppendVariant(message, value);
	default:
		return AppendBasic(message, type[0], value);
	}
}

// ---- D-Bus -> JavaScript: 64-bit numbers as bigint, structs and dictionary entries as arrays, variants as what is in them.
// Readers return a negative errno on a message that is not what it says; `value` is then not set.

template <typename T> int ReadNumber(sd_bus_message *message, char type, Napi::Env env, Napi::Value *value) {
	T number{};
	const int result = sd_bus_message_read_basic(message, type, &number);
	if (result >= 0)
		*value = Napi::Number::New(env, static_cast<double>(number));
	return result;
}

int ReadString(sd_bus_message *message, char type, Napi::Env env, Napi::Value *value) {
	const char *text = nullptr;
	const int result = sd_bus_message_read_basic(message, type, &text);
	if (result >= 0)
		*value = Napi::String::New(env, text);
	return result;
}

int ReadBasic(sd_bus_message *message, char type, Napi::Env env, Napi::Value *value) {
	switch (type) {
	case 'b': {
		int truth = 0;
		const int result = sd_bus_message_read_basic(message, type, &truth);
		*value = Napi::Boolean::New(env, truth != 0);
		return result;
	}
	case 'y':
		return ReadNumber<uint8_t>(message, type, env, value);
	case 'n':
		return ReadNumber<int16_t>(message, type, env, value);
	case 'q':
		return ReadNumber<uint16_t>(message, type, env, value);
	case 'i':
		return ReadNumber<int32_t>(message, type, env, value);
	case 'u':
		return ReadNumber<uint32_t>(message, type, env, value);
	case 'd':
		return ReadNumber<double>(message, type, env, value);
	case 'x': {
		int64_t number = 0;
		const int result = sd_bus_message_read_basic(message, type, &number);
		*value = Napi::BigInt::New(env, number);
		return result;
	}
	case 't': {
		uint64_t number = 0;
		const int result = sd_bus_message_read_basic(message, type, &number);
		*value = Napi::BigInt::New(env, number);
		return result;
	}
	case 's':
	case 'o':
	case 'g':
		return ReadString(message, type, env, value);
	default:
		return -EOPNOTSUPP;
	}
}

int Read(sd_bus_message *message, Napi::Env env, Napi::Value *value);

// Everything up to the end of the container, or of the message.
int ReadAll(sd_bus_message *message, Napi::Env env, Napi::Array *array) {
	*array = Napi::Array::New(env);
	for (uint32_t index = 0;; index++) {
		Napi::Value value;
		const int result = Read(message, env, &value);
		if (result <= 0)
			return result;
		array->Set(index, value);
	}
}

// The next value: 1, or 0 when there is no more.
int Read(sd_bus_message *message, Napi::Env env, Napi::Value *value) {
	char type = 0;
	const char *contents = nullptr;
	int result = sd_bus_message_peek_type(message, &type, &contents);
	if (result <= 0)
		return result;
	if (contents == nullptr) {
		result = ReadBasic(message, type, env, value);
		return result < 0 ? result : 1;
	}
	result = sd_bus_message_enter_container(message, type, contents);
	if (result < 0)
		return result;
	Napi::Array values;
	result = ReadAll(message, env, &values);
	if (result < 0)
		return result;
	*value = type == 'v' ? values.Get(0u) : values;
	result = sd_bus_message_exit_container(message);
	return result < 0 ? result : 1;
}

// ---- what JavaScript sees

sd_bus *BusOf(const Napi::Value &value) { return value.As<Napi::External<Connection>>().Data()->bus; }

int Start(sd_bus *bus, const std::string &address, bool is_bus, uint64_t deadline) {
	int result = sd_bus_set_address(bus, address.c_str());
	if (result >= 0)
		result = sd_bus_set_bus_client(bus, is_bus);
	if (result >= 0)
		result = sd_bus_start(bus);
	while (result >= 0) {
		const int progress = sd_bus_process(bus, nullptr);
		const int ready = progress < 0 ? progress : sd_bus_is_ready(bus);
		if (ready != 0)
			return ready < 0 ? ready : 0;
		if (progress == 0)
			result = Wait(bus, deadline);
	}
	return result;
}

// open(address, isBus, timeoutMs): a connection, authenticated.
Napi::Value Open(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const std::string address = info[0].ToString().Utf8Value();
	Connection *connection = new Connection;
	int result = sd_bus_new(&connection->bus);
	if (result >= 0)
		result = Start(connection->bus, address, info[1].ToBoolean().Value(), DeadlineOf(info[2]));
	if (result < 0) {
		delete connection;
		ThrowErrno(env, -result, "connect", address);
		return env.Undefined();
	}
	return Napi::External<Connection>::New(env, connection, [](Napi::Env, Connection *data) { delete data; });
}

// An answer that is an error: `dbusError` is its name.
void ThrowBusError(Napi::Env env, const sd_bus_error &error) {
	const Napi::Error exception = Napi::Error::New(env, error.message == nullptr ? error.name : error.message);
	exception.Set("dbusError", Napi::String::New(env, error.name));
	exception.ThrowAsJavaScriptException();
}

// What sd-bus itself makes of an errno has such a name, or comes without an answer.
bool IsAnswer(const sd_bus_error &error, int result) {
	return sd_bus_error_is_set(&error) && result != -ETIMEDOUT && result != -ECONNRESET && result != -ENOTCONN &&
	       std::string(error.name).rfind("System.Error.", 0) != 0;
}

// call(bus, {destination, path, interface, member, signature, args}, timeoutMs): the values of the answer.
Napi::Value Call(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	sd_bus *bus = BusOf(info[0]);
	const Napi::Object request = info[1].As<Napi::Object>();
	const std::string member = StringOf(request, "member");
	const uint64_t deadline = DeadlineOf(info[2]);
	Message message, reply;
	int result = sd_bus_message_new_method_call(bus, message.put(), StringOf(request, "destination").c_str(),
						    StringOf(request, "path").c_str(),
						    StringOf(request, "interface").c_str(), member.c_str());
	if (result >= 0)
		result = AppendAll(message.get(), StringOf(request, "signature"), request.Get("args"));
	const uint64_t now = Now();
	if (result >= 0 && now >= deadline)
		result = -ETIMEDOUT;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	if (result >= 0)
		result = sd_bus_call(bus, message.get(), deadline - now, &error, reply.put());
	Napi::Array values;
	if (result >= 0)
		result = ReadAll(reply.get(), env, &values);
	if (result < 0 && IsAnswer(error, result))
		ThrowBusError(env, error);
	else if (result < 0)
		ThrowErrno(env, -result, "sd_bus_call", member);
	sd_bus_error_free(&error);
	if (result < 0)
		return env.Undefined();
	return values;
}

// The next signal of that name, which others are dropped for.
int NextSignal(sd_bus *bus, const std::string &interface, const std::string &member, uint64_t deadline,
	       Message *found) {
	for (;;) {
		Message message;
		int result = sd_bus_process(bus, message.put());
		if (result < 0)
			return result;
		if (message.get() != nullptr &&
		    sd_bus_message_is_signal(message.get(), interface.c_str(), member.c_str()) > 0) {
			*found->put() = sd_bus_message_ref(message.get());
			return 0;
		}
		if (result > 0)
			continue;
		result = Wait(bus, deadline);
		if (result < 0)
			return result;
	}
}

// receive(bus, interface, member, timeoutMs): the values of the next such signal, also one that came during a call.
Napi::Value Receive(const Napi::CallbackInfo &info) {
	const Napi::Env env = info.Env();
	const std::string member = info[2].ToString().Utf8Value();
	Message signal;
	int result = NextSignal(BusOf(info[0]), info[1].ToString().Utf8Value(), member, DeadlineOf(info[3]), &signal);
	Napi::Array values;
	if (result >= 0)
		result = ReadAll(signal.get(), env, &values);
	if (result < 0) {
		ThrowErrno(env, -result, "sd_bus_process", member);
		return env.Undefined();
	}
	return values;
}

// close(bus): no other function may be called with it any more.
Napi::Value Close(const Napi::CallbackInfo &info) {
	Connection *connection = info[0].As<Napi::External<Connection>>().Data();
	connection->bus = sd_bus_close_unref(connection->bus);
	return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
	exports.Set("open", Napi::Function::New(env, Open, "open"));
	exports.Set("call", Napi::Function::New(env, Call, "call"));
	exports.Set("receive", Napi::Function::New(env, Receive, "receive"));
	exports.Set("close", Napi::Function::New(env, Close, "close"));
	return exports;
}

} // namespace

NODE_API_MODULE(runts_systemd, Init)
