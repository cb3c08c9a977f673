// The plan decoder: what it accepts, and that no bytes whatever make it read beyond its input.
//   plan_test              runs the checks
//   plan_test --dump FILE  prints a decoded plan, a line each step; test/integration/plan.test.ts compares it
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "writer.h"

static int failures;

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			failures++; \
		} \
	} while (0)

// ---- dump

static void dump_u32(uint32_t value) { printf("%u", value); }
static void dump_i32(int32_t value) { printf("%d", value); }
static void dump_u64(uint64_t value) { printf("%llu", (unsigned long long)value); }
static void dump_flag(bool value) { printf("%s", value ? "true" : "false"); }
static void dump_fd(int32_t value) { printf("%d", value); }
static void dump_str(const char *value) { printf("'%s'", value); }
static void dump_strs(struct string_list list) {
	for (uint32_t i = 0; i < list.count; i++)
		printf("%s'%s'", i == 0 ? "" : "|", list.items[i]);
}
static void dump_u32s(struct u32_list list) {
	for (uint32_t i = 0; i < list.count; i++)
		printf("%s%u", i == 0 ? "" : "|", list.items[i]);
}
static void dump_bytes(struct byte_list list) {
	for (uint32_t i = 0; i < list.length; i++)
		printf("%02x", list.items[i]);
}

#define DUMP_OPERAND(kind, name) \
	printf(" " #name "="); \
	dump_##kind(operands->name);
#define DUMP(upper, lower) \
	static void dump_operation_##lower(const struct op_##lower *operands) { \
		printf(#lower); \
		(void)operands; \
		OPERANDS_##lower(DUMP_OPERAND) printf("\n"); \
	}
RUNTS_OPERATIONS(DUMP)

static int dump_file(const char *path) {
	static uint8_t data[1 << 20];
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return 2;
	size_t size = fread(data, 1, sizeof data, file);
	fclose(file);
	struct arena arena = {0};
	struct plan plan;
	enum plan_error error = plan_decode(data, size, &arena, &plan);
	if (error != PLAN_OK) {
		printf("error %d\n", error);
		return 1;
	}
	for (uint32_t i = 0; i < plan.count; i++) {
		switch (plan.steps[i].opcode) {
#define CASE(upper, lower) \
	case OP_##upper: \
		dump_operation_##lower(&plan.steps[i].u.lower); \
		break;
			RUNTS_OPERATIONS(CASE)
		case OP_COUNT:
			break;
		}
	}
	return 0;
}

// ---- checks

// A hostname, an exec with lists, a seccomp with bytes and a user with numbers.
static void sample(struct writer *writer) {
	begin(writer, RUNTS_BUILD_ID, 4);
	put_u32(writer, OP_HOSTNAME);
	put_text(writer, "box");
	put_u32(writer, OP_EXEC);
	put_u32(writer, 2);
	put_text(writer, "sh");
	put_text(writer, "-c");
	put_u32(writer, 1);
	put_text(writer, "A=b");
	put_u32(writer, 7);
	put_u32(writer, 0);
	put_u32(writer, OP_SECCOMP);
	put_u32(writer, 1);
	put_u32(writer, 8);
	put(writer, "12345678", 8);
	put_u32(writer, OP_USER);
	put_u32(writer, 1);
	put_u32(writer, 2);
	put_u32(writer, 2);
	put_u32(writer, 10);
	put_u32(writer, 11);
	finish(writer);
}

// Exactly as many bytes as the plan has, so that ASan sees a read beyond them.
static enum plan_error decode(const uint8_t *bytes, size_t size, struct plan *plan) {
	struct arena arena = {0};
	uint8_t *copy = malloc(size == 0 ? 1 : size);
	memcpy(copy, bytes, size);
	enum plan_error error = plan_decode(copy, size, &arena, plan);
	if (plan->count > 0 && error == PLAN_OK && plan->steps[0].opcode == OP_HOSTNAME) {
		CHECK(strlen(plan->steps[0].u.hostname.name) <= size);
	}
	free(copy);
	if (arena.block != NULL)
		munmap(arena.block, arena.size);
	return error;
}

static void accepts_a_plan(void) {
	struct writer writer;
	sample(&writer);
	struct arena arena = {0};
	struct plan plan;
	CHECK(plan_decode(writer.bytes, writer.size, &arena, &plan) == PLAN_OK);
	CHECK(plan.count == 4);
	CHECK(strcmp(plan.steps[0].u.hostname.name, "box") == 0);
	CHECK(plan.steps[1].u.exec.args.count == 2 && plan.steps[1].u.exec.args.items[2] == NULL);
	CHECK(strcmp(plan.steps[1].u.exec.env.items[0], "A=b") == 0 && plan.steps[1].u.exec.uid == 7);
	CHECK(plan.steps[2].u.seccomp.program.length == 8 &&
	      memcmp(plan.steps[2].u.seccomp.program.items, "12345678", 8) == 0);
	CHECK(plan.steps[3].u.user.groups.count == 2 && plan.steps[3].u.user.groups.items[1] == 11);
}

static void refuses_what_is_not_whole(void) {
	struct writer writer;
	struct plan plan;
	sample(&writer);
	for (size_t size = 0; size < writer.size; size++)
		CHECK(decode(writer.bytes, size, &plan) != PLAN_OK);
	put(&writer, "x", 1);
	CHECK(decode(writer.bytes, writer.size, &plan) == PLAN_TRUNCATED);
}

static void refuses_another_build(void) {
	struct writer writer;
	struct plan plan;
	begin(&writer, "0123456789abcdef", 0);
	finish(&writer);
	CHECK(decode(writer.bytes, writer.size, &plan) == PLAN_OTHER_BUILD);
}

static void refuses_wrong_operands(void) {
	struct writer writer;
	struct plan plan;
	begin(&writer, RUNTS_BUILD_ID, 1);
	put_u32(&writer, OP_COUNT);
	finish(&writer);
	CHECK(decode(writer.bytes, writer.size, &plan) == PLAN_MALFORMED);

	begin(&writer, RUNTS_BUILD_ID, 1); // a NUL inside a string
	put_u32(&writer, OP_HOSTNAME);
	put_bytes(&writer, "a\0b", 3);
	finish(&writer);
	CHECK(decode(writer.bytes, writer.size, &plan) == PLAN_MALFORMED);

	static const uint32_t lengths[] = {0xffffffff, 0xfffffffe, 0x7fffffff, 5000};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		begin(&writer, RUNTS_BUILD_ID, 1);
		put_u32(&writer, OP_HOSTNAME);
		put_u32(&writer, lengths[i]);
		finish(&writer);
		CHECK(decode(writer.bytes, writer.size, &plan) == PLAN_MALFORMED);

		begin(&writer, RUNTS_BUILD_ID, lengths[i]); // more steps than bytes
		put_u32(&writer, OP_PIVOT_ROOT);
		finish(&writer);
		CHECK(decode(writer.bytes, writer.size, &plan) != PLAN_OK);

		begin(&writer, RUNTS_BUILD_ID, 1); // more list items than bytes
		put_u32(&writer, OP_EXEC);
		put_u32(&writer, lengths[i]);
		finish(&writer);
		CHECK(decode(writer.bytes, writer.size, &plan) == PLAN_MALFORMED);
	}
}

// Random damage, the same at every run.
static void survives_damage(void) {
	uint64_t state = 0x9e3779b97f4a7c15;
	struct plan plan;
	for (int round = 0; round < 200000; round++) {
		struct writer writer;
		sample(&writer);
		for (int hits = 0; hits < 3; hits++) {
			state ^= state << 13, state ^= state >> 7, state ^= state << 17;
			writer.bytes[24 + state % (writer.size - 24)] = (uint8_t)(state >> 32);
		}
		decode(writer.bytes, writer.size, &plan);
	}
}

int main(int count, char **arguments) {
	if (count == 3 && strcmp(arguments[1], "--dump") == 0)
		return dump_file(arguments[2]);
	accepts_a_plan();
	refuses_what_is_not_whole();
	refuses_another_build();
	refuses_wrong_operands();
	survives_damage();
	return failures == 0 ? 0 : 1;
}
