#include "jobs/store/db.h"

#include <stdlib.h>

const char *td_cell(const td_rows *r, size_t row, size_t column)
{
    return r->cell[row * r->columns + column];
}

int64_t td_cell_number(const td_rows *r, size_t row, size_t column)
{
    const char *text = td_cell(r, row, column);
    return text ? strtoll(text, NULL, 10) : 0;
}

void td_db_close(td_db *db)
{
    if (db) db->engine->close(db);
}
