#include "jobs/store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

typedef struct sqlite {
    td_db db;
    sqlite3 *handle;
} sqlite;

static td_status fail(sqlite *s, td_error *err)
{
    int code = sqlite3_errcode(s->handle) & 0xff;
    td_status st = code == SQLITE_BUSY || code == SQLITE_LOCKED ? TD_BUSY : code == SQLITE_NOMEM ? TD_NOMEM : TD_DISK;
    return td_fail(err, st, "queue", NULL, "%s", sqlite3_errmsg(s->handle));
}

static td_status bind(sqlite *s, sqlite3_stmt *stmt, const td_sql_value *value, size_t n, td_error *err)
{
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "$%zu", i + 1);
        int at = sqlite3_bind_parameter_index(stmt, name);
        int rc = !at                  ? SQLITE_RANGE
                 : value[i].is_number ? sqlite3_bind_int64(stmt, at, value[i].number)
                                      : sqlite3_bind_text(stmt, at, value[i].text, -1, SQLITE_STATIC);
        if (rc != SQLITE_OK) return td_fail(err, TD_DISK, "queue", NULL, "parameter %s: %s", name, sqlite3_errstr(rc));
    }
    (void)s;
    return TD_OK;
}

static td_status keep_row(sqlite3_stmt *stmt, td_arena *a, td_rows *out, size_t *capacity)
{
    out->columns = (size_t)sqlite3_column_count(stmt);
    if ((out->n + 1) * out->columns > *capacity) {
        size_t wider = *capacity ? 2 * *capacity : 4 * out->columns;
        const char **cell = td_arena_array(a, wider, sizeof *cell);
        if (!cell) return TD_NOMEM;
        if (out->n) memcpy(cell, out->cell, out->n * out->columns * sizeof *cell);
        out->cell = cell;
        *capacity = wider;
    }
    for (size_t c = 0; c < out->columns; c++) {
        const char *text = (const char *)sqlite3_column_text(stmt, (int)c);
        const char *copy = td_arena_strdup(a, text);
        if (text && !copy) return TD_NOMEM;
        out->cell[out->n * out->columns + c] = copy;
    }
    out->n++;
    return TD_OK;
}

static td_status run(td_db *db, td_arena *a, const char *sql, const td_sql_value *value, size_t n, td_rows *out,
                     td_error *err)
{
    sqlite *s = (sqlite *)db;
    sqlite3_stmt *stmt = NULL;
    td_rows rows = { 0 };
    size_t capacity = 0;
    if (sqlite3_prepare_v2(s->handle, sql, -1, &stmt, NULL) != SQLITE_OK) return fail(s, err);
    td_status st = bind(s, stmt, value, n, err);
    int rc = SQLITE_DONE;
    while (st == TD_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        if (out) st = keep_row(stmt, a, &rows, &capacity);
    if (st == TD_OK && rc != SQLITE_DONE) st = fail(s, err);
    rows.changed = sqlite3_changes64(s->handle);
    sqlite3_finalize(stmt);
    if (out) *out = rows;
    return st;
}

static td_status script(td_db *db, const char *sql, td_error *err)
{
    sqlite *s = (sqlite *)db;
    return sqlite3_exec(s->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? TD_OK : fail(s, err);
}

static void close_sqlite(td_db *db)
{
    sqlite *s = (sqlite *)db;
    sqlite3_close_v2(s->handle);
    free(s);
}

static const td_db_engine engine = {
    .lock_row = "", /* BEGIN IMMEDIATE holds the whole file */
    .skip_lock = "",
    .begin = "BEGIN IMMEDIATE",
    .run = run,
    .script = script,
    .close = close_sqlite,
};

/* File systems whose locks or memory maps cannot be trusted with a write-ahead log (magic numbers of statfs(2)). */
static bool remote_filesystem(const char *path)
{
    static const long magic[] = { 0x6969 /* NFS */, 0x517b /* SMB */, (long)0xff534d42 /* CIFS */,
                                  (long)0xfe534d42 /* SMB2 */, 0x65735546 /* FUSE */ };
    struct statfs fs;
    if (statfs(path, &fs) != 0) return false;
    for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++)
        if ((unsigned)fs.f_type == (unsigned)magic[i]) return true;
    return false;
}

/* synchronous=FULL: with a write-ahead log and NORMAL a power cut may undo jobs that were answered 201. */
static td_status prepare(sqlite *s, td_error *err)
{
    td_status st = script(&s->db,
                          "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                          "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;",
                          err);
    if (st) return st;
    td_arena *a = td_arena_new();
    td_rows rows;
    st = a ? run(&s->db, a, "PRAGMA quick_check(1)", NULL, 0, &rows, err) : TD_NOMEM;
    if (!st && (!rows.n || strcmp(td_cell(&rows, 0, 0), "ok")))
        st = td_fail(err, TD_DISK, "queue", "restore a backup", "the file is damaged: %s",
                     rows.n ? td_cell(&rows, 0, 0) : "no answer");
    td_arena_free(a);
    return st;
}

td_status td_db_open_sqlite(const char *path, td_db **out, td_error *err)
{
    *out = NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return td_fail(err, TD_DISK, path, NULL, "cannot be opened: %s", strerror(errno));
    close(fd);
    if (remote_filesystem(path))
        return td_fail(err, TD_DISK, path, "choose a folder of a local disk", "lies on a network file system");
    sqlite *s = calloc(1, sizeof *s);
    if (!s) return TD_NOMEM;
    s->db.engine = &engine;
    td_status st = TD_OK;
    if (sqlite3_open_v2(path, &s->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL) != SQLITE_OK)
        st = s->handle ? fail(s, err) : TD_NOMEM;
    if (!st) st = prepare(s, err);
    if (st) {
        close_sqlite(&s->db);
        return st;
    }
    *out = &s->db;
    return TD_OK;
}
