/* jobs/store/db.h - one dialect of SQL, whoever stores it.
 *
 * Statements keep to what SQLite from 3.35 and PostgreSQL 15 read alike: TEXT, INTEGER and BIGINT, times as UTC
 * milliseconds, parameters $1, $2, ... without gaps, partial indexes, ON CONFLICT, RETURNING. What differs between the
 * two stands in td_db_engine and nowhere else. A td_db belongs to one thread at a time. */
#ifndef TD_JOBS_STORE_DB_H
#define TD_JOBS_STORE_DB_H

#include "engine/base/base.h"

typedef struct td_db td_db;

typedef struct td_sql_value {
    bool is_number;
    int64_t number;
    const char *text; /* NULL and no number: SQL's NULL */
} td_sql_value;

#define TD_N(n) ((td_sql_value){ .is_number = true, .number = (n) })
#define TD_T(s) ((td_sql_value){ .text = (s) })

/* A whole answer, every cell as text, the way libpq gives it. Lives in the arena it was read into. */
typedef struct td_rows {
    size_t n, columns;
    const char **cell;
    int64_t changed; /* rows that an INSERT, UPDATE or DELETE touched */
} td_rows;

const char *td_cell(const td_rows *r, size_t row, size_t column);    /* NULL for NULL */
int64_t td_cell_number(const td_rows *r, size_t row, size_t column); /* 0 for NULL */

typedef struct td_db_engine {
    const char *lock_row;  /* behind a SELECT: holds the row until the transaction ends */
    const char *skip_lock; /* the same, passing over rows that others hold */
    const char *begin;     /* opens a transaction that will write */
    td_status (*run)(td_db *db, td_arena *a, const char *sql, const td_sql_value *value, size_t n, td_rows *out,
                     td_error *err);
    td_status (*script)(td_db *db, const char *sql, td_error *err); /* several statements, no parameters */
    void (*close)(td_db *db);
} td_db_engine;

struct td_db {
    const td_db_engine *engine;
};

/* A SQLite file, made with mode 0600 when missing and checked when not. TD_DISK: it is damaged, cannot be opened, or
 * lies on a network file system, whose locks cannot be trusted. */
td_status td_db_open_sqlite(const char *path, td_db **out, td_error *err);
void td_db_close(td_db *db); /* NULL is welcome */

/* out may be NULL when nothing is asked back. TD_BUSY, TD_DISK: the other side may heal. */
#define td_db_run(db, arena, out, err, sql, ...)                                   \
    (db)->engine->run((db), (arena), (sql), (const td_sql_value[]){ __VA_ARGS__ }, \
                      sizeof((const td_sql_value[]){ __VA_ARGS__ }) / sizeof(td_sql_value), (out), (err))

#endif
