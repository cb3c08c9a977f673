// The plan decoder. It trusts nothing about the bytes, though only runts itself writes them.
#include <string.h>
#include <sys/mman.h>

#include "operations.gen.h"

#define HEADER_SIZE 32
#define MAGIC "RUNTSPLN" RUNTS_BUILD_ID
#define ARENA_BLOCK ((size_t)64 * 1024)

void *arena_take(struct arena *arena, size_t size) {
	size = (size + 15) & ~(size_t)15;
	if (arena->block == NULL || arena->size - arena->used < size) {
		size_t block = size > ARENA_BLOCK ? size : ARENA_BLOCK;
		void *memory = mmap(NULL, block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			return NULL;
		arena->block = memory;
		arena->size = block;
		arena->used = 0;
	}
	void *taken = arena->block + arena->used;
	arena->used += size;
	return taken;
}

static const uint8_t *take(struct plan_reader *reader, size_t size) {
	if (reader->failed || (size_t)(reader->end - reader->at) < size) {
		reader->failed = true;
		return NULL;
	}
	const uint8_t *taken = reader->at;
	reader->at += size;
	return taken;
}

static void read_exactly(struct plan_reader *reader, void *value, size_t size) {
	const uint8_t *from = take(reader, size);
	if (from != NULL)
		memcpy(value, from, size);
	else
		memset(value, 0, size);
}

void read_u32(struct plan_reader *reader, uint32_t *value) { read_exactly(reader, value, sizeof *value); }
void read_i32(struct plan_reader *reader, int32_t *value) { read_exactly(reader, value, sizeof *value); }
void read_u64(struct plan_reader *reader, uint64_t *value) { read_exactly(reader, value, sizeof *value); }
void read_fd(struct plan_reader *reader, int32_t *value) { read_exactly(reader, value, sizeof *value); }

void read_flag(struct plan_reader *reader, bool *value) {
	uint32_t word;
	read_u32(reader, &word);
	*value = word != 0;
}

void read_str(struct plan_reader *reader, const char **value) {
	uint32_t length;
	read_u32(reader, &length);
	const uint8_t *text = length == UINT32_MAX ? NULL : take(reader, (size_t)length + 1);
	// A NUL inside would cut the string short of what was checked before.
	if (text == NULL || memchr(text, 0, (size_t)length + 1) != text + length) {
		reader->failed = true;
		*value = "";
		return;
	}
	*value = (const char *)text;
}

// An item takes at least 4 bytes, so a count beyond that is malformed, not a reason to ask for memory.
static bool count_fits(struct plan_reader *reader, uint32_t count) {
	if (count > (size_t)(reader->end - reader->at) / 4)
		reader->failed = true;
	return !reader->failed;
}

void read_strs(struct plan_reader *reader, struct string_list *value) {
	static const char *const none[] = {NULL};
	*value = (struct string_list){0, none};
	uint32_t count;
	read_u32(reader, &count);
	if (!count_fits(reader, count))
		return;
	const char **items = arena_take(reader->arena, ((size_t)count + 1) * sizeof *items);
	if (items == NULL) {
		reader->failed = true;
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		read_str(reader, &items[i]);
	items[count] = NULL;
	*value = (struct string_list){count, items};
}

void read_u32s(struct plan_reader *reader, struct u32_list *value) {
	*value = (struct u32_list){0, NULL};
	uint32_t count;
	read_u32(reader, &count);
	if (!count_fits(reader, count) || count == 0)
		return;
	uint32_t *items = arena_take(reader->arena, (size_t)count * sizeof *items);
	if (items == NULL) {
		reader->failed = true;
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		read_u32(reader, &items[i]);
	*value = (struct u32_list){count, items};
}

void read_bytes(struct plan_reader *reader, struct byte_list *value) {
	uint32_t length;
	read_u32(reader, &length);
	const uint8_t *items = take(reader, length);
	*value = items == NULL ? (struct byte_list){0, NULL} : (struct byte_list){length, items};
}

enum plan_error plan_decode(const uint8_t *data, size_t size, struct arena *arena, struct plan *plan) {
	*plan = (struct plan){0, NULL};
	if (size < HEADER_SIZE || memcmp(data, MAGIC, 8) != 0)
		return PLAN_TRUNCATED;
	if (memcmp(data, MAGIC, sizeof MAGIC - 1) != 0)
		return PLAN_OTHER_BUILD;

	struct plan_reader reader = {data + HEADER_SIZE - 8, data + size, arena, false};
	uint32_t count, total;
	read_u32(&reader, &count);
	read_u32(&reader, &total);
	if (total != size || !count_fits(&reader, count))
		return PLAN_TRUNCATED;

	struct operation *steps = arena_take(arena, (size_t)(count == 0 ? 1 : count) * sizeof *steps);
	if (steps == NULL)
		return PLAN_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < count && !reader.failed; i++) {
		uint32_t opcode;
		read_u32(&reader, &opcode);
		if (opcode >= OP_COUNT)
			return PLAN_MALFORMED;
		steps[i].opcode = (enum opcode)opcode;
		decode_operands(&reader, &steps[i]);
	}
	if (reader.failed || reader.at != reader.end)
		return PLAN_MALFORMED;
	*plan = (struct plan){count, steps};
	return PLAN_OK;
}
