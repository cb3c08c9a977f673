// An rtnetlink socket (rtnetlink(7)) in a network namespace that need not be ours.
#ifndef RUNTS_NETLINK_H
#define RUNTS_NETLINK_H

// Opens one in the namespace behind `namespace_fd`, or in ours when that is -1. It talks to the kernel and to nobody else; its
// errors come with the kernel's sentence and without the request. Returns the fd; -1 with errno, `failed` naming the call.
int netlink_socket(int namespace_fd, const char **failed);

#endif
