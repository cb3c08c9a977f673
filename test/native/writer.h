// Plans by hand, in the format of src/plan/encode.ts.
#ifndef RUNTS_TEST_WRITER_H
#define RUNTS_TEST_WRITER_H

#include <stdint.h>
#include <string.h>

#include "operations.gen.h"

struct writer {
	uint8_t bytes[4096];
	size_t size;
};

static inline void put(struct writer *writer, const void *data, size_t size) {
	memcpy(writer->bytes + writer->size, data, size);
	writer->size += size;
}

static inline void put_u32(struct writer *writer, uint32_t value) { put(writer, &value, sizeof value); }

static inline void put_bytes(struct writer *writer, const char *text, uint32_t length) {
	put_u32(writer, length);
	put(writer, text, length);
	put(writer, "", 1);
}

static inline void put_text(struct writer *writer, const char *text) {
	put_bytes(writer, text, (uint32_t)strlen(text));
}

static inline void begin(struct writer *writer, const char *build, uint32_t count) {
	writer->size = 0;
	put(writer, "RUNTSPLN", 8);
	put(writer, build, 16);
	put_u32(writer, count);
	put_u32(writer, 0);
}

static inline void finish(struct writer *writer) {
	uint32_t size = (uint32_t)writer->size;
	memcpy(writer->bytes + 28, &size, sizeof size);
}

#endif
