// The plan as runts-init reads it: bounds-checked, without copies of strings. Format: src/plan/encode.ts.
#ifndef RUNTS_PLAN_H
#define RUNTS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct string_list {
	uint32_t count;
	const char *const *items; // NULL-terminated: fit for execve
};

struct u32_list {
	uint32_t count;
	const uint32_t *items;
};

struct byte_list {
	uint32_t length;
	const uint8_t *items;
};

// Memory that is only ever given back as a whole, taken from the kernel in blocks.
struct arena {
	char *block;
	size_t used, size;
};

void *arena_take(struct arena *arena, size_t size);

// Reads on after a failure yield zeros and empty strings: callers look at `failed` once, at the end.
struct plan_reader {
	const uint8_t *at, *end;
	struct arena *arena;
	bool failed;
};

void read_u32(struct plan_reader *reader, uint32_t *value);
void read_i32(struct plan_reader *reader, int32_t *value);
void read_u64(struct plan_reader *reader, uint64_t *value);
void read_flag(struct plan_reader *reader, bool *value);
void read_fd(struct plan_reader *reader, int32_t *value);
void read_str(struct plan_reader *reader, const char **value);
void read_strs(struct plan_reader *reader, struct string_list *value);
void read_u32s(struct plan_reader *reader, struct u32_list *value);
void read_bytes(struct plan_reader *reader, struct byte_list *value);

struct operation;

struct plan {
	uint32_t count;
	struct operation *steps;
};

enum plan_error {
	PLAN_OK,
	PLAN_TRUNCATED,   // shorter than its header says, or no header at all
	PLAN_OTHER_BUILD, // made by another build of runts
	PLAN_MALFORMED,   // an operand reaches beyond the end, or an unknown operation
	PLAN_OUT_OF_MEMORY
};

// Decodes a whole plan; strings and bytes point into `data`, lists into `arena`.
enum plan_error plan_decode(const uint8_t *data, size_t size, struct arena *arena, struct plan *plan);

#endif
