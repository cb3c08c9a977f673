#define _GNU_SOURCE
#include "ask.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "environment.h"
#include "messages.gen.h"
#include "operations.gen.h"

static size_t count_of(char *const strings[]) {
	size_t count = 0;
	while (strings[count])
		count++;
	return count;
}

// The caller's, less what goes by our own names.
static struct string_list environment(struct arena *arena) {
	size_t count = count_of(environ);
	const char **kept = arena_take(arena, (count + 1) * sizeof *kept);
	struct string_list list = {0, kept};
	for (size_t i = 0; kept != NULL && i < count; i++)
		if (!is_our_own(environ[i]))
			kept[list.count++] = environ[i];
	return list;
}

int send_call(int agent, const struct call *call, const int fds[2], struct arena *arena) {
	struct winsize size;
	mode_t mask = umask(0);
	umask(mask);
	const struct agent_ask fields = {
		.version = AGENT_PROTOCOL_VERSION,
		.build = RUNTS_BUILD_ID,
		.args = {(uint32_t)count_of(call->args), (const char *const *)call->args},
		.env = environment(arena),
		.facts = call->facts,
		.umask = mask,
		.terminal = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0,
	};
	struct writer writer = {NULL, 0};
	write_agent_ask(&writer, &fields);
	writer = (struct writer){arena_take(arena, writer.size), 0};
	if (fields.env.items == NULL || writer.at == NULL)
		return -1;
	write_agent_ask(&writer, &fields);
	return channel_send(agent, AGENT_ASK, writer.at, writer.size, fds, 2);
}
