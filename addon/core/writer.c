#include "writer.h"

#include <string.h>

static void put(struct writer *writer, const void *value, size_t size) {
	if (writer->at != NULL && size > 0)
		memcpy(writer->at + writer->size, value, size);
	writer->size += size;
}

void write_u32(struct writer *writer, const uint32_t *value) { put(writer, value, sizeof *value); }
void write_i32(struct writer *writer, const int32_t *value) { put(writer, value, sizeof *value); }

void write_flag(struct writer *writer, const bool *value) {
	uint32_t word = *value;
	write_u32(writer, &word);
}

void write_str(struct writer *writer, const char *const *value) {
	uint32_t length = (uint32_t)strlen(*value);
	write_u32(writer, &length);
	put(writer, *value, (size_t)length + 1);
}

void write_strs(struct writer *writer, const struct string_list *value) {
	write_u32(writer, &value->count);
	for (uint32_t i = 0; i < value->count; i++)
		write_str(writer, &value->items[i]);
}

void write_bytes(struct writer *writer, const struct byte_list *value) {
	write_u32(writer, &value->length);
	put(writer, value->items, value->length);
}
