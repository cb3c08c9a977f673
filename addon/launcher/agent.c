#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "channel.h"
#include "claim.h"
#include "connect.h"
#include "messages.gen.h"
#include "reasons.h"
#include "serve.h"
#include "wait.h"

#define FAILURE_SIZE 256
#define NONSENSE "has said what makes no sense"

static struct arena arena;

static bool is_always(void) {
	const char *mode = getenv("RUNTS_AGENT");
	return mode != NULL && strcmp(mode, "always") == 0;
}

// The call goes to Node. With RUNTS_AGENT=always it only tells why.
static struct answer go_direct(const char *reason, const char **failure) {
	static char text[FAILURE_SIZE];
	if (is_always()) {
		snprintf(text, sizeof text, "RUNTS_AGENT=always, but the agent does not answer this call: %s", reason);
		*failure = text;
	}
	return (struct answer){ANSWER_DIRECT, 0};
}

// It may have begun: only the user can tell what to do.
static struct answer break_off(const char *what, pid_t agent, const char **failure) {
	static char text[FAILURE_SIZE];
	char who[32] = "";
	if (agent > 0)
		snprintf(who, sizeof who, " (process %d)", (int)agent);
	snprintf(text, sizeof text,
		 "the runts agent%s %s while it was at work on this: look at what has become of it with "
		 "`runts state`; `runts delete --force` removes what has been left half-way",
		 who, what);
	*failure = text;
	return (struct answer){ANSWER_DIRECT, 0};
}

bool may_ask_agent(const struct call *call, const struct facts *facts, const char **failure) {
	const char *mode = getenv("RUNTS_AGENT");
	if (mode != NULL && strcmp(mode, "never") == 0)
		return false;
	const char *reason = reason_against(call, facts);
	if (reason != NULL)
		go_direct(reason, failure);
	return reason == NULL;
}

static bool write_all(int fd, struct byte_list bytes) {
	while (bytes.length > 0) {
		ssize_t written = write(fd, bytes.items, bytes.length);
		if (written < 0 && errno == EAGAIN) {
			struct pollfd event = {fd, POLLOUT, 0};
			poll(&event, 1, -1);
		} else if (written < 0 && errno != EINTR) {
			return false;
		} else if (written > 0) {
			bytes.items += written;
			bytes.length -= (uint32_t)written;
		}
	}
	return true;
}

// Calls that print change nothing: Node, in our place, comes upon the same error and knows the words for it.
static struct answer finish(struct received *message, pid_t agent, const char **failure) {
	struct agent_exit result;
	read_agent_exit(&message->body, &result);
	if (message->body.failed)
		return break_off(NONSENSE, agent, failure);
	if (!write_all(STDOUT_FILENO, result.output))
		return (struct answer){ANSWER_DIRECT, 0};
	write_all(STDERR_FILENO, result.errors);
	return (struct answer){ANSWER_EXIT, result.code};
}

static struct answer stay(struct received *message, struct call *call, pid_t agent, const char **failure) {
	int code;
	char **removal;
	if (serve_stay(message, &code, &removal) < 0)
		return break_off(NONSENSE, agent, failure);
	if (removal == NULL)
		return (struct answer){ANSWER_EXIT, code};
	call->args = removal;
	return (struct answer){ANSWER_CALL_AGAIN, 0};
}

static struct answer declined(struct received *message, const char **failure) {
	struct agent_decline reply;
	read_agent_decline(&message->body, &reply);
	return go_direct(message->body.failed ? "it declines, and does not say why" : reply.reason, failure);
}

// False at the end of the connection. The body lies in the arena.
static bool receive(int connection, struct received *message, int fds[CHANNEL_FDS]) {
	struct channel_header header;
	if (channel_receive_header(connection, &header, fds) <= 0)
		return false;
	uint8_t *body = arena_take(&arena, header.size == 0 ? 1 : header.size);
	if (body == NULL || channel_receive_body(connection, body, header.size) < 0)
		return false;
	*message = (struct received){header.type, {body, body + header.size, &arena, false}, header.fd_count, fds};
	return true;
}

static struct answer converse(int connection, int claim, struct call *call, const char **failure) {
	int fds[CHANNEL_FDS];
	struct received message;
	pid_t agent = 0;
	for (bool heard = false;; heard = true) {
		switch (wait_for_agent(connection, claim, &agent)) {
		case WAIT_WITHDRAWN:
			return go_direct("it is busy", failure);
		case WAIT_STOPPED:
			return break_off("has been stopped", agent, failure);
		case WAIT_HEARD:
			break;
		}
		if (!receive(connection, &message, fds)) {
			if (!heard && withdraw(claim, &agent))
				return go_direct("it has ended", failure);
			return break_off("has ended", agent, failure);
		}
		int outcome = -1;
		switch (message.type) {
		case AGENT_SPAWN:
			outcome = serve_spawn(connection, &message);
			break;
		case AGENT_REAP:
			outcome = serve_reap(connection, &message);
			break;
		case AGENT_PROGRAM:
			outcome = serve_program(connection, &message);
			break;
		case AGENT_SEND_FD:
			outcome = serve_send_fd(connection, &message);
			break;
		case AGENT_STAY:
			return stay(&message, call, agent, failure);
		case AGENT_EXIT:
			return finish(&message, agent, failure);
		case AGENT_DECLINE:
			return declined(&message, failure);
		}
		if (outcome < 0)
			return break_off("has gone", agent, failure);
	}
}

struct answer ask_agent(struct call *call, const char **failure) {
	const char *reason;
	int connection = connect_to_agent(call->args, &reason);
	if (connection < 0)
		return go_direct(reason, failure);
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	sigaction(SIGPIPE, &ignore, &before);
	int claim = make_claim(), directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const int fds[2] = {claim, directory};
	struct answer answer;
	bool sent = claim >= 0 && directory >= 0 && send_call(connection, call, fds, &arena) == 0;
	// Whom the agent declines at sight it does not hear out: its words are there all the same.
	if (sent || errno == EPIPE || errno == ECONNRESET)
		answer = converse(connection, claim, call, failure);
	else
		answer = go_direct("the call cannot be sent", failure);
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	close(connection);
	sigaction(SIGPIPE, &before, NULL);
	return answer;
}
