/*
 * Tries to look into every process that is to become the first one of a container, until it is killed: prints a line for each
 * through which it could have reached the host's files.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_runtime(const char *pid) {
	char path[300], name[32] = "";
	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	int file = open(path, O_RDONLY);
	if (file < 0)
		return 0;
	ssize_t length = read(file, name, sizeof name - 1);
	close(file);
	return length > 0 && (strncmp(name, "runts:", 6) == 0 || strncmp(name, "runc:", 5) == 0);
}

static int may_look_into(const char *pid) {
	char path[300], link[300];
	snprintf(path, sizeof path, "/proc/%s/root", pid);
	return readlink(path, link, sizeof link) >= 0;
}

/* Pids that were not it so often are not going to be: looking at the new ones only makes for short rounds. */
static int is_new(const char *pid) {
	static unsigned char rounds[1 << 22];
	unsigned number = (unsigned)atoi(pid);
	if (number == 0 || number >= sizeof rounds || rounds[number] == 50)
		return 0;
	rounds[number]++;
	return 1;
}

int main(void) {
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("looking\n");
	for (;;) {
		DIR *processes = opendir("/proc");
		if (processes == NULL)
			return 1;
		for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
			/* Not for ever: some wait for their start. */
			for (int tries = is_new(entry->d_name) ? 1000 : 0; tries > 0 && is_runtime(entry->d_name);
			     tries--) {
				/* Still the same afterwards: not the program that it becomes, which may be looked into. */
				if (may_look_into(entry->d_name) && is_runtime(entry->d_name)) {
					printf("%s\n", entry->d_name);
					break;
				}
			}
		}
		closedir(processes);
	}
}
