// The reverse of plan.h's readers: values into bytes.
#ifndef RUNTS_WRITER_H
#define RUNTS_WRITER_H

#include "plan.h"

// Without a buffer (`at` is NULL) it only counts, so that the same function tells how much room its message takes.
struct writer {
	uint8_t *at;
	size_t size;
};

void write_u32(struct writer *writer, const uint32_t *value);
void write_i32(struct writer *writer, const int32_t *value);
void write_flag(struct writer *writer, const bool *value);
void write_str(struct writer *writer, const char *const *value);
void write_strs(struct writer *writer, const struct string_list *value);
void write_bytes(struct writer *writer, const struct byte_list *value);

#endif
