// set_mempolicy(2), which libcs leave to libnuma.
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

// As many as a kernel can have (MAX_NUMNODES).
#define MASK_BYTES (1024 / 8)

int do_memory_policy(struct init *init, const struct op_memory_policy *op) {
	// It takes off one from the number of bits.
	unsigned long bits = op->nodes.length == 0 ? 0 : op->nodes.length * 8 + 1;
	if (syscall(SYS_set_mempolicy, (int)op->mode, bits == 0 ? NULL : op->nodes.items, bits) < 0)
		return fails(init, "set_mempolicy", "");
	if (!op->exact)
		return 0;
	// Nodes that the process cannot have are dropped in silence.
	uint8_t nodes[MASK_BYTES] = {0};
	int mode;
	if (syscall(SYS_get_mempolicy, &mode, nodes, MASK_BYTES * 8UL, NULL, 0UL) < 0)
		return fails(init, "get_mempolicy", "");
	if (op->nodes.length > sizeof nodes || memcmp(nodes, op->nodes.items, op->nodes.length) != 0) {
		errno = ENODEV;
		return fails(init, "get_mempolicy", "");
	}
	return 0;
}
