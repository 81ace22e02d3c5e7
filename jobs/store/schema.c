#include "jobs/store/schema.h"

/* Each entry brings the queue from version i to i + 1 and is never edited once released. */
const char *const td_schema[] = {
    "CREATE TABLE client ("
    "  id TEXT PRIMARY KEY, name TEXT NOT NULL,"
    "  weight INTEGER NOT NULL DEFAULT 100 CHECK (weight BETWEEN 1 AND 10000),"
    "  max_running INTEGER NOT NULL DEFAULT 4, max_queued INTEGER NOT NULL DEFAULT 10000,"
    "  running INTEGER NOT NULL DEFAULT 0 CHECK (running >= 0),"
    "  vtime BIGINT NOT NULL DEFAULT 0);"

    "CREATE TABLE api_key ("
    "  id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client(id),"
    "  secret_sha256 TEXT NOT NULL, scopes INTEGER NOT NULL, created_ms BIGINT NOT NULL,"
    "  revoked_ms BIGINT);"

    "CREATE TABLE queue ("
    "  name TEXT PRIMARY KEY, rank INTEGER NOT NULL DEFAULT 50,"
    "  max_running INTEGER NOT NULL DEFAULT 1000000);"

    "CREATE TABLE job ("
    "  id TEXT PRIMARY KEY, parent_id TEXT, client_id TEXT NOT NULL REFERENCES client(id),"
    "  queue TEXT NOT NULL REFERENCES queue(name),"
    "  idem_key TEXT, request_sha256 TEXT NOT NULL, spec TEXT NOT NULL, title TEXT, tags TEXT, hooks TEXT,"
    "  deliver_to TEXT, mixes INTEGER NOT NULL DEFAULT 1, local_files INTEGER NOT NULL DEFAULT 0, engine TEXT,"
    "  state TEXT NOT NULL"
    "    CHECK (state IN ('waiting','ready','leased','held','done','failed','cancelled')),"
    "  stage TEXT,"
    "  priority INTEGER NOT NULL DEFAULT 50 CHECK (priority BETWEEN 0 AND 99),"
    "  cost INTEGER NOT NULL DEFAULT 1, bytes_needed BIGINT NOT NULL DEFAULT 0,"
    "  run_at_ms BIGINT NOT NULL, latest_start_ms BIGINT NOT NULL,"
    "  attempt INTEGER NOT NULL DEFAULT 0, max_attempts INTEGER NOT NULL DEFAULT 8,"
    "  crashes INTEGER NOT NULL DEFAULT 0, fence BIGINT NOT NULL DEFAULT 0,"
    "  worker_id TEXT, lease_until_ms BIGINT, cancel_requested INTEGER NOT NULL DEFAULT 0,"
    "  progress INTEGER NOT NULL DEFAULT 0, error_code TEXT, error_text TEXT, result TEXT,"
    "  created_ms BIGINT NOT NULL, updated_ms BIGINT NOT NULL, started_ms BIGINT, finished_ms BIGINT,"
    "  CHECK ((state = 'leased') = (worker_id IS NOT NULL)),"
    "  CHECK ((state = 'leased') = (lease_until_ms IS NOT NULL)),"
    "  CHECK ((state IN ('done','failed','cancelled')) = (finished_ms IS NOT NULL)));"
    "CREATE UNIQUE INDEX job_idem ON job(client_id, idem_key) WHERE idem_key IS NOT NULL;"
    "CREATE INDEX job_ready ON job(queue, client_id, priority DESC, latest_start_ms, run_at_ms, id)"
    "  WHERE state = 'ready';"
    "CREATE INDEX job_due ON job(run_at_ms) WHERE state = 'waiting';"
    "CREATE INDEX job_lease ON job(lease_until_ms) WHERE state = 'leased';"
    "CREATE INDEX job_list ON job(client_id, id);"
    "CREATE INDEX job_queued ON job(client_id) WHERE state IN ('waiting','ready','held');"
    "CREATE INDEX job_active ON job(client_id) WHERE state IN ('ready','leased');"
    "CREATE INDEX job_old ON job(finished_ms) WHERE finished_ms IS NOT NULL;"

    "CREATE TABLE job_tag ("
    "  job_id TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL,"
    "  PRIMARY KEY (job_id, name));"
    "CREATE INDEX job_tag_value ON job_tag(name, value);"

    "CREATE TABLE attempt ("
    "  job_id TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE, fence BIGINT NOT NULL,"
    "  worker_id TEXT NOT NULL, engine TEXT NOT NULL,"
    "  started_ms BIGINT NOT NULL, ended_ms BIGINT, outcome TEXT, error_code TEXT, error_text TEXT,"
    "  bytes_in BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (job_id, fence));"

    "CREATE TABLE artefact ("
    "  job_id TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE, name TEXT NOT NULL, kind TEXT NOT NULL,"
    "  path TEXT NOT NULL, bytes BIGINT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (job_id, name));"

    "CREATE TABLE endpoint ("
    "  id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client(id), url TEXT NOT NULL,"
    "  credential TEXT NOT NULL, first_failure_ms BIGINT, disabled_ms BIGINT, disabled_why TEXT,"
    "  UNIQUE (client_id, url, credential));"

    "CREATE TABLE outbox ("
    "  id TEXT PRIMARY KEY, client_id TEXT NOT NULL, endpoint_id TEXT NOT NULL REFERENCES endpoint(id),"
    "  job_id TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE,"
    "  kind TEXT NOT NULL CHECK (kind IN ('put','webhook')), event TEXT NOT NULL, url TEXT NOT NULL, body TEXT,"
    "  path TEXT, sha256 TEXT, bytes BIGINT,"
    "  state TEXT NOT NULL CHECK (state IN ('blocked','ready','leased','sent','dead')),"
    "  attempt INTEGER NOT NULL DEFAULT 0, next_ms BIGINT NOT NULL, fence BIGINT NOT NULL DEFAULT 0,"
    "  lease_until_ms BIGINT, last_status INTEGER, last_error TEXT,"
    "  created_ms BIGINT NOT NULL, done_ms BIGINT);"
    "CREATE INDEX outbox_due ON outbox(next_ms, id) WHERE state = 'ready';"
    "CREATE INDEX outbox_lease ON outbox(lease_until_ms) WHERE state = 'leased';"
    "CREATE INDEX outbox_flight ON outbox(endpoint_id) WHERE state = 'leased';"
    "CREATE INDEX outbox_job ON outbox(job_id, kind);"

    "CREATE TABLE worker ("
    "  id TEXT PRIMARY KEY, engine TEXT NOT NULL, seen_ms BIGINT NOT NULL, draining INTEGER NOT NULL DEFAULT 0);"

    "INSERT INTO queue (name) VALUES ('default');",

    "ALTER TABLE job ADD COLUMN ran_ms BIGINT NOT NULL DEFAULT 0;"
    "UPDATE job SET ran_ms=COALESCE((SELECT sum(ended_ms-started_ms) FROM attempt WHERE job_id=job.id), 0);",
};

const size_t td_schema_version = sizeof td_schema / sizeof td_schema[0];
