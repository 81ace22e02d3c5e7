/* jobs/store/schema.h - the queue's tables, as the steps that led to them. */
#ifndef TD_JOBS_STORE_SCHEMA_H
#define TD_JOBS_STORE_SCHEMA_H

#include <stddef.h>

extern const char *const td_schema[];
extern const size_t td_schema_version; /* how many steps there are */

#endif
