#include "scene.h"

#include "jobs/results.h"
#include <jansson.h>
#include <sys/stat.h>

static bool never(void *user)
{
    (void)user;
    return false;
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(td_file_write(path, text, strlen(text), true, NULL), TD_OK);
}

/* What the largest order brings: 32 mixes of 127 files would take long to write here, the old limit was 1024. */
static void more_files_than_a_thousand_are_published(void **state)
{
    enum { FILES = 1100 };
    scene *s = *state;
    td_home home = { .slot_fd = -1 };
    char folder[1100], name[40];
    snprintf(home.dir, sizeof home.dir,
             "/dev/shm/td-results-XXXXXX"); /* each file is synced, which a disk takes time for */
    assert_non_null(mkdtemp(home.dir));
    snprintf(folder, sizeof folder, "%s/objects/results", home.dir);
    assert_int_equal(td_folder_make(folder, NULL), TD_OK);
    snprintf(folder, sizeof folder, "%s/out", home.dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    json_t *outputs = json_array();
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "Song_Master_%04d.wav", i);
        put(folder, name, "sound");
        json_array_append_new(outputs, json_pack("{s:s, s:s}", "name", name, "kind", "master"));
    }
    json_t *report = json_pack("{s:[{s:s, s:o}]}", "mixes", "label", "Warm", "outputs", outputs);
    char *text = json_dumps(report, 0);
    put(folder, "report.json", text);
    free(text);
    json_decref(report);

    td_results r;
    assert_int_equal(td_results_publish(&home, "admin", "job_1", folder, never, NULL, s->arena, &r, &s->err), TD_OK);
    assert_int_equal(r.n, FILES + 1);
    json_t *all = json_loads(r.json, 0, NULL), *mix = json_array_get(json_object_get(all, "mixes"), 0);
    assert_int_equal(json_array_size(json_object_get(mix, "outputs")), FILES);
    assert_int_equal(json_array_size(json_object_get(all, "files")), 1);
    json_decref(all);
    td_tree_remove(home.dir);
}

static void a_promised_file_has_to_be_there(void **state)
{
    scene *s = *state;
    td_home home = { .slot_fd = -1 };
    char folder[100];
    snprintf(home.dir, sizeof home.dir, "%s", s->dir);
    snprintf(folder, sizeof folder, "%s/out", s->dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    put(folder, "report.json", "{\"mixes\":[{\"outputs\":[{\"name\":\"a.wav\",\"kind\":\"master\"}]}]}");
    td_results r;
    assert_int_equal(td_results_publish(&home, "admin", "job_1", folder, never, NULL, s->arena, &r, &s->err),
                     TD_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(more_files_than_a_thousand_are_published, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(a_promised_file_has_to_be_there, scene_open, scene_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
