/* jobs/net/fetch.h - one address becomes one file: resumed after a break, limited in size, checked when a hash is
 * known. */
#ifndef TD_JOBS_NET_FETCH_H
#define TD_JOBS_NET_FETCH_H

#include "jobs/net/net.h"

typedef struct td_fetch {
    const char *url;
    const char *sha256; /* what the bytes must hash to, in hex; NULL: not known */
    const char *folder; /* of this file alone; what an earlier attempt left there is used when it is still the same */
    int64_t most_bytes;
    bool (*stop)(void *user, int64_t bytes_moved); /* as td_net_request.stop */
    void *user;
} td_fetch;

/* The file then is folder/data. *bytes is its length, *retry_after_s what the other side asked for (0: nothing).
 * TD_INPUT: too large, or not the bytes the hash was made of. TD_FAILED: refused for good (404, ...). TD_REMOTE,
 * TD_DISK: may heal. TD_DENIED: an address we do not go to. TD_STOPPED. */
td_status td_fetch_file(const td_net_policy *p, const td_fetch *f, int64_t *bytes, int64_t *retry_after_s,
                        td_error *err);

#endif
