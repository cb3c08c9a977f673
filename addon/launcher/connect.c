#define _GNU_SOURCE
#include "connect.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "agent@socket" // no container can be called so

static const char *put(char path[PATH_MAX], const char *folder, const char *name) {
	return snprintf(path, PATH_MAX, "%s%s", folder, name) < PATH_MAX ? path : NULL;
}

// The state root that the call names, if it is absolute. The options before the command are as in src/cli/globals.ts.
static const char *root_of(char *const args[]) {
	for (; *args && **args == '-'; args++) {
		const char *name = *args + ((*args)[1] == '-' ? 2 : 1);
		if (strncmp(name, "root=", 5) == 0)
			return name[5] == '/' ? name + 5 : NULL;
		if (strcmp(name, "root") == 0)
			return args[1] && args[1][0] == '/' ? args[1] : NULL;
		bool takes_value = strcmp(name, "log") == 0 || strcmp(name, "log-format") == 0 ||
				   strcmp(name, "rootless") == 0 || strcmp(name, "criu") == 0;
		if (takes_value && args[1])
			args++;
	}
	return NULL;
}

// Of the agent of that root, or else, if that has none, of the default one (src/cli/globals.ts).
static const char *socket_path(char path[PATH_MAX], char *const args[]) {
	const char *chosen = getenv("RUNTS_AGENT_SOCKET"), *root = root_of(args);
	if (chosen != NULL && chosen[0] == '/')
		return put(path, chosen, "");
	if (root != NULL && put(path, root, "/" SOCKET_NAME) != NULL && access(path, F_OK) == 0)
		return path;
	if (geteuid() == 0)
		return put(path, "/run/runts/", SOCKET_NAME);
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	return runtime != NULL && runtime[0] == '/' ? put(path, runtime, "/runts/" SOCKET_NAME) : NULL;
}

// Nobody but us can have put anything into it, or in its place. Where it lies in a directory that others may write to, such
// as /tmp, that is sticky.
static bool is_ours(const char *path, mode_t type, mode_t forbidden) {
	struct stat status;
	return lstat(path, &status) == 0 && (status.st_mode & S_IFMT) == type && status.st_uid == geteuid() &&
	       (status.st_mode & forbidden) == 0;
}

static bool is_trusted(const char *path) {
	char folder[PATH_MAX];
	size_t length = (size_t)(strrchr(path, '/') - path);
	memcpy(folder, path, length);
	folder[length] = '\0';
	return is_ours(folder, S_IFDIR, 022) && is_ours(path, S_IFSOCK, 077);
}

// Whoever has made the socket, the agent or a service manager on its behalf.
static bool is_of_our_user(int connection) {
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static int refuse(int connection, const char **reason, const char *text) {
	if (connection >= 0)
		close(connection);
	*reason = text;
	return -1;
}

int connect_to_agent(char *const args[], const char **reason) {
	char buffer[PATH_MAX];
	const char *path = socket_path(buffer, args);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (path == NULL || strlen(path) >= sizeof address.sun_path)
		return refuse(-1, reason, "there is no path for its socket");
	if (access(path, F_OK) < 0)
		return refuse(-1, reason, "its socket does not exist");
	if (!is_trusted(path))
		return refuse(-1, reason,
			      "its socket, or the directory of that, belongs to another user or is open to others");
	strcpy(address.sun_path, path);
	// Non-blocking: when it has stopped accepting, and too many wait already, there is no use in waiting, too.
	int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) < 0)
		return refuse(connection, reason, "nobody listens on its socket");
	if (!is_of_our_user(connection))
		return refuse(connection, reason, "it is of another user");
	fcntl(connection, F_SETFL, O_RDWR);
	return connection;
}
