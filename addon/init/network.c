// The container's network namespace: its loopback interface, and the devices that the runtime moves into it.
#define _GNU_SOURCE
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init.h"

int do_loopback_up(struct init *init, const struct op_loopback_up *op) {
	(void)op;
	int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (socket_fd < 0)
		return fails(init, "socket", "AF_INET");
	struct ifreq request;
	memset(&request, 0, sizeof request);
	strcpy(request.ifr_name, "lo");
	int outcome = ioctl(socket_fd, SIOCGIFFLAGS, &request);
	if (outcome == 0) {
		request.ifr_flags |= IFF_UP | IFF_RUNNING;
		outcome = ioctl(socket_fd, SIOCSIFFLAGS, &request);
	}
	if (outcome < 0)
		fails(init, "ioctl SIOCSIFFLAGS", "lo");
	close(socket_fd);
	return outcome;
}

// A namespace fd that needs no procfs: whichever is mounted on /proc here may be the container's.
int do_net_devices(struct init *init, const struct op_net_devices *op) {
	(void)op;
	int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (socket_fd < 0)
		return fails(init, "socket", "AF_UNIX");
	int namespace = ioctl(socket_fd, SIOCGSKNS);
	if (namespace < 0)
		fails(init, "ioctl SIOCGSKNS", "");
	close(socket_fd);
	if (namespace < 0)
		return -1;
	struct message message = {.type = MESSAGE_NET_DEVICES, .step = init->step};
	int outcome = message_send(init->sync, &message, namespace);
	close(namespace);
	if (outcome < 0 || message_wait_answer(init->sync) < 0)
		return fails(init, "recv", "sync socket");
	return 0;
}
