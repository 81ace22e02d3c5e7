/* jobs/log.h - one line an event on stderr: text on a terminal, a JSON object elsewhere. `grep <job id>` reads a life.
 *
 * Values are cut at 2 KiB, controls and broken UTF-8 are escaped; a line is one write. Never hand secrets or queries of
 * presigned addresses in. */
#ifndef TD_JOBS_LOG_H
#define TD_JOBS_LOG_H

#include <stdint.h>

typedef enum td_log_level { TD_LOG_INFO, TD_LOG_WARN, TD_LOG_ERROR } td_log_level;

/* What a line can say; zero and NULL members are left out. */
typedef struct td_log_line {
    td_log_level level;
    const char *msg; /* the event, few words: "started", "webhook sent" */
    const char *job, *stage, *worker, *request_id, *code, *detail;
    int64_t fence, attempt, duration_ms;
} td_log_line;

void td_log_write(const td_log_line *line);
#define td_tell(...) td_log_write(&(td_log_line){ __VA_ARGS__ })

#endif
