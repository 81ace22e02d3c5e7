/* jobs/net/address.h - which addresses of the internet a stranger may send us to. */
#ifndef TD_JOBS_NET_ADDRESS_H
#define TD_JOBS_NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Public unicast only. False for loopback, private, link-local, shared, documentation, multicast, reserved and
 * broadcast ranges, for IPv6 forms that carry an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo), and for
 * anything that is neither IPv4 nor IPv6. */
bool td_address_public(const struct sockaddr *address);

#endif
