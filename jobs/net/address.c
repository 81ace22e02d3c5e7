#include "jobs/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* IANA's special-purpose registries (RFC 6890 and its updates), and multicast. */
static const struct {
    uint32_t network;
    unsigned bits;
} closed4[] = {
    { 0x00000000, 8 },  /* this network */
    { 0x0a000000, 8 },  /* private, RFC 1918 */
    { 0x64400000, 10 }, /* carrier-grade NAT, RFC 6598 */
    { 0x7f000000, 8 },  /* loopback */
    { 0xa9fe0000, 16 }, /* link-local; clouds keep their metadata there */
    { 0xac100000, 12 }, /* private */
    { 0xc0000000, 24 }, /* protocol assignments */
    { 0xc0000200, 24 }, /* documentation */
    { 0xc0586300, 24 }, /* 6to4 relays, RFC 7526 */
    { 0xc0a80000, 16 }, /* private */
    { 0xc6120000, 15 }, /* benchmarks */
    { 0xc6336400, 24 }, /* documentation */
    { 0xcb007100, 24 }, /* documentation */
    { 0xe0000000, 4 },  /* multicast */
    { 0xf0000000, 4 },  /* reserved, and broadcast */
};

/* Global unicast is 2000::/3; these parts of it are not. Everything outside it is refused anyway. */
static const struct {
    unsigned char network[16];
    unsigned bits;
} closed6[] = {
    { { 0x20, 0x01 }, 23 },             /* protocol assignments: Teredo, ORCHID, benchmarks */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
    { { 0x20, 0x02 }, 16 },             /* 6to4 carries an IPv4 address */
    { { 0x3f, 0xff }, 20 },             /* documentation, RFC 9637 */
};

static bool public4(uint32_t address)
{
    for (size_t i = 0; i < sizeof closed4 / sizeof closed4[0]; i++)
        if ((address ^ closed4[i].network) >> (32 - closed4[i].bits) == 0) return false;
    return true;
}

static bool within(const unsigned char *address, const unsigned char *network, unsigned bits)
{
    if (memcmp(address, network, bits / 8) != 0) return false;
    return bits % 8 == 0 || (address[bits / 8] ^ network[bits / 8]) >> (8 - bits % 8) == 0;
}

static bool public6(const unsigned char address[16])
{
    if ((address[0] & 0xe0) != 0x20) return false;
    for (size_t i = 0; i < sizeof closed6 / sizeof closed6[0]; i++)
        if (within(address, closed6[i].network, closed6[i].bits)) return false;
    return true;
}

bool td_address_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return public4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return public6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    return false;
}
