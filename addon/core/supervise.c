#define _GNU_SOURCE
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "notify.h"

#define LAST_SIGNAL 64
#define BUFFER_SIZE 4096 // what a pipe takes without blocking once poll says so (PIPE_BUF)

static int queue[2] = {-1, -1};
static struct sigaction former[LAST_SIGNAL + 1];

static void enqueue(int number) {
	int saved = errno;
	unsigned char byte = (unsigned char)number;
	// A full queue (65,536 signals that nobody took) drops the rest, as the kernel does with pending signals.
	ssize_t written = write(queue[1], &byte, 1);
	(void)written;
	errno = saved;
}

// Not those that stand for a fault of our own, nor SIGPIPE, which our own writing would raise.
static bool is_held(int number) {
	switch (number) {
	case SIGKILL:
	case SIGSTOP:
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGTRAP:
	case SIGABRT:
	case SIGSYS:
	case SIGPIPE:
	case SIGURG:
		return false;
	default:
		return number < 32 || number >= SIGRTMIN;
	}
}

int hold_signals(void) {
	if (queue[0] >= 0)
		return 0;
	if (pipe2(queue, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	struct sigaction action = {.sa_handler = enqueue, .sa_flags = SA_RESTART};
	sigfillset(&action.sa_mask);
	for (int number = 1; number <= LAST_SIGNAL; number++) {
		if (is_held(number))
			sigaction(number, &action, &former[number]);
	}
	return 0;
}

static void release_signals(void) {
	for (int number = 1; number <= LAST_SIGNAL; number++) {
		if (is_held(number))
			sigaction(number, &former[number], NULL);
	}
	close(queue[0]);
	close(queue[1]);
	queue[0] = queue[1] = -1;
}

static void copy_window_size(const struct supervision *job) {
	struct winsize size;
	if (job->master >= 0 && ioctl(job->in, TIOCGWINSZ, &size) == 0)
		ioctl(job->master, TIOCSWINSZ, &size);
}

// As a subreaper we inherit whatever the container's processes leave behind.
static bool reap_children(struct supervision *job) {
	bool ended = false;
	siginfo_t info;
	for (;;) {
		memset(&info, 0, sizeof info);
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
			return ended;
		if (info.si_pid != job->pid)
			continue;
		ended = true;
		job->code = info.si_code == CLD_EXITED ? info.si_status : -1;
		job->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
	}
}

static bool handle_signals(struct supervision *job) {
	unsigned char numbers[64];
	bool ended = false;
	ssize_t count;
	while ((count = read(queue[0], numbers, sizeof numbers)) > 0) {
		for (ssize_t i = 0; i < count; i++) {
			if (numbers[i] == SIGCHLD)
				ended |= reap_children(job);
			else if (numbers[i] == SIGWINCH)
				copy_window_size(job);
			else
				syscall(SYS_pidfd_send_signal, job->pidfd, numbers[i], NULL, 0);
		}
	}
	return ended;
}

// Bytes on their way from one fd to another.
struct relay {
	int from, to;
	bool hang_up; // an end of file, or of interest, is passed on by closing the container's end
	size_t start, end;
	char bytes[BUFFER_SIZE];
};

static bool is_full(const struct relay *relay) { return relay->end > relay->start; }

static void relay_close(int *fd, bool hang_up) {
	if (hang_up)
		close(*fd);
	*fd = -1;
}

static void relay_poll(const struct relay *relay, struct pollfd *events) {
	events[0] = (struct pollfd){is_full(relay) ? -1 : relay->from, POLLIN, 0};
	events[1] = (struct pollfd){is_full(relay) ? relay->to : -1, POLLOUT, 0};
}

// The container's end of `input` is where it goes to, that of the others where it comes from.
static void relay_move(struct relay *relay, const struct pollfd *events, bool input) {
	if (events[0].revents != 0) {
		ssize_t got = read(relay->from, relay->bytes, sizeof relay->bytes);
		relay->start = 0;
		relay->end = got > 0 ? (size_t)got : 0;
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) { // EIO: the last slave is closed
			relay_close(&relay->from, relay->hang_up && !input);
			if (input)
				relay_close(&relay->to, relay->hang_up);
		}
	}
	if (events[1].revents != 0) {
		ssize_t put = write(relay->to, relay->bytes + relay->start, relay->end - relay->start);
		if (put > 0) {
			relay->start += (size_t)put;
		} else if (put < 0 && errno != EAGAIN && errno != EINTR) {
			relay->start = relay->end; // nobody reads: the container learns of it, but does not hang for it
			if (relay->hang_up)
				relay_close(input ? &relay->to : &relay->from, true);
			if (input)
				relay->from = -1;
		}
	}
}

int leave_newlines(int master) {
	struct termios pty;
	if (tcgetattr(master, &pty) < 0)
		return -1;
	pty.c_oflag &= ~(tcflag_t)ONLCR;
	return tcsetattr(master, TCSANOW, &pty);
}

// Keystrokes go through unchanged, yet a newline still returns the carriage: see leave_newlines().
static bool make_raw(const struct supervision *job, struct termios *before) {
	struct termios raw;
	if (tcgetattr(job->in, before) < 0)
		return false;
	raw = *before;
	cfmakeraw(&raw);
	raw.c_oflag |= OPOST;
	tcsetattr(job->in, TCSANOW, &raw);
	return true;
}

enum { INPUT, OUTPUT, ERROR, RELAYS };

static void make_relays(const struct supervision *job, struct relay relays[RELAYS]) {
	memset(relays, 0, RELAYS * sizeof *relays);
	bool terminal = job->master >= 0;
	const int ours[RELAYS] = {job->in, job->out, job->err};
	for (int i = 0; i < RELAYS; i++) {
		int theirs = terminal ? (i == ERROR ? -1 : job->master) : job->pipes[i];
		relays[i].hang_up = !terminal;
		relays[i].from = i == INPUT && theirs >= 0 ? ours[i] : i == INPUT ? -1 : theirs;
		relays[i].to = i == INPUT ? theirs : ours[i];
	}
}

// The service is ready as soon as its program is; the manager then goes on to wait for us, who end with it. Nobody is left to
// tell of a manager that is gone.
static void pass_readiness(struct supervision *job) {
	if (!notify_is_ready(job->listener))
		return;
	notify_manager(job->manager, getpid());
	close(job->listener);
	job->listener = -1;
}

static void run_loop(struct supervision *job, struct relay relays[RELAYS]) {
	bool ended = reap_children(job);
	for (;;) {
		struct pollfd events[2 + 2 * RELAYS] = {{queue[0], POLLIN, 0}};
		for (int i = 0; i < RELAYS; i++)
			relay_poll(&relays[i], events + 1 + 2 * i);
		events[1 + 2 * RELAYS] = (struct pollfd){job->listener, POLLIN, 0};
		// Once it has ended, what it wrote last still goes out, but nothing goes in any more.
		if (ended)
			events[1].fd = events[2].fd = -1;
		bool pending = is_full(&relays[OUTPUT]) || is_full(&relays[ERROR]);
		int ready = poll(events, 2 + 2 * RELAYS, ended && !pending ? 0 : -1);
		if (ready < 0 && errno != EINTR)
			return;
		if (ready == 0)
			return; // drained, though a process that outlived the first one may hold the other end
		if (ready < 0)
			continue;
		if (events[0].revents != 0)
			ended |= handle_signals(job);
		for (int i = 0; i < RELAYS; i++)
			relay_move(&relays[i], events + 1 + 2 * i, i == INPUT);
		if (events[1 + 2 * RELAYS].revents != 0)
			pass_readiness(job);
	}
}

int supervise(struct supervision *job) {
	struct termios before;
	job->code = -1;
	job->signal = 0;
	if (hold_signals() < 0)
		return -1;
	bool raw = false;
	if (job->pipes[0] >= 0) // the container may not read for long, while its output waits
		fcntl(job->pipes[0], F_SETFL, O_WRONLY | O_NONBLOCK);
	if (job->master >= 0) {
		fcntl(job->master, F_SETFL, O_RDWR | O_NONBLOCK);
		copy_window_size(job);
		raw = make_raw(job, &before);
	}
	static struct relay relays[RELAYS];
	make_relays(job, relays);
	run_loop(job, relays);
	for (int i = 0; job->master < 0 && i < RELAYS; i++) {
		int theirs = i == INPUT ? relays[i].to : relays[i].from;
		if (theirs >= 0)
			close(theirs);
	}
	if (job->listener >= 0)
		close(job->listener);
	if (raw)
		tcsetattr(job->in, TCSADRAIN, &before);
	release_signals();
	return 0;
}
