#include "scene.h"

#include "jobs/files.h"
#include <fcntl.h>
#include <sys/stat.h>

/* A root with a file, a folder, links out of it and within; a secret beside it, and a folder whose name begins alike.
 */
typedef struct disk {
    char dir[64], root[96];
    const char *list[1];
    td_roots roots;
} disk;

static void put(const disk *d, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", d->dir, name);
    FILE *f = fopen(path, "w");
    fputs("sound", f);
    fclose(f);
}

static void put_link(const disk *d, const char *to, const char *name)
{
    char path[160], target[160];
    snprintf(path, sizeof path, "%s/%s", d->dir, name);
    snprintf(target, sizeof target, "%s/%s", d->dir, to);
    assert_int_equal(symlink(target, path), 0);
}

static int disk_open(void **state)
{
    disk *d = calloc(1, sizeof *d);
    char path[160];
    static const char *const folders[] = { "root", "root/sub", "rootless" };
    snprintf(d->dir, sizeof d->dir, "/tmp/td-files-XXXXXX");
    if (!mkdtemp(d->dir)) return -1;
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", d->dir, folders[i]);
        mkdir(path, 0700);
    }
    put(d, "secret.wav");
    put(d, "rootless/secret.wav");
    put(d, "root/Kick.wav");
    put(d, "root/sub/Snare 1.wav");
    put_link(d, "secret.wav", "root/link.wav");
    put_link(d, "rootless", "root/out");
    put_link(d, "root/Kick.wav", "root/alias.wav");
    snprintf(d->root, sizeof d->root, "%s/root", d->dir);
    d->list[0] = d->root;
    d->roots = (td_roots){ d->list, 1 };
    *state = d;
    return 0;
}

static int disk_close(void **state)
{
    disk *d = *state;
    td_tree_remove(d->dir);
    free(d);
    return 0;
}

static td_status try(const disk *d, const char *below_dir, bool folder)
{
    char path[300];
    int fd;
    snprintf(path, sizeof path, "%s/%s", d->dir, below_dir);
    td_status st = td_roots_open(&d->roots, below_dir[0] == '/' ? below_dir : path, folder, &fd, NULL);
    assert_int_equal(st == TD_OK, fd >= 0);
    if (fd >= 0) close(fd);
    return st;
}

static void files_below_the_root(void **state)
{
    static const struct {
        const char *path;
        td_status status;
    } table[] = {
        { "root/Kick.wav", TD_OK },
        { "root/sub/Snare 1.wav", TD_OK },
        { "root//sub///Snare 1.wav", TD_OK },
        { "root/none.wav", TD_ARG },
        { "root/sub", TD_ARG },
        { "root", TD_ARG },
        { "secret.wav", TD_DENIED },
        { "root/../secret.wav", TD_DENIED },
        { "root/sub/../../secret.wav", TD_DENIED },
        { "root/sub/../Kick.wav", TD_DENIED },
        { "root/./Kick.wav", TD_DENIED },
        { "root/link.wav", TD_DENIED },
        { "root/alias.wav", TD_DENIED },
        { "root/out/secret.wav", TD_DENIED },
        { "rootless/secret.wav", TD_DENIED },
        { "/etc/passwd", TD_DENIED },
        { "/dev/null", TD_DENIED },
        { "/", TD_DENIED },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        td_status st = try(*state, table[i].path, false);
        if (st != table[i].status) fail_msg("%s: %s", table[i].path, td_status_name(st));
    }
}

static void folders_below_the_root(void **state)
{
    assert_int_equal(try(*state, "root", true), TD_OK);
    assert_int_equal(try(*state, "root/", true), TD_OK);
    assert_int_equal(try(*state, "root/sub/", true), TD_OK);
    assert_int_not_equal(try(*state, "root/Kick.wav", true), TD_OK);
    assert_int_not_equal(try(*state, "root/out", true), TD_OK);
    assert_int_equal(try(*state, "rootless", true), TD_DENIED);
}

static void no_root_no_files(void **state)
{
    disk *d = *state;
    d->roots.n = 0;
    assert_int_equal(try(d, "root/Kick.wav", false), TD_DENIED);
}

static void copies_are_whole_and_bounded(void **state)
{
    disk *d = *state;
    char path[160], to[160];
    int64_t bytes;
    snprintf(path, sizeof path, "%s/root/Kick.wav", d->dir);
    snprintf(to, sizeof to, "%s/copy", d->dir);
    int fd = open(path, O_RDONLY);
    assert_int_equal(td_copy_fd(fd, to, 5, &bytes, NULL), TD_OK);
    assert_int_equal(bytes, 5);
    assert_int_equal(td_copy_fd(fd, to, 5, &bytes, NULL), TD_DISK); /* stands there already */
    unlink(to);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(td_copy_fd(fd, to, 4, &bytes, NULL), TD_INPUT);
    snprintf(to, sizeof to, "/dev/shm/td-copy-%d", (int)getpid()); /* mostly another file system */
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(td_copy_fd(fd, to, 5, &bytes, NULL), TD_OK);
    assert_int_equal(bytes, 5);
    unlink(to);
    close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, disk_open, disk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(files_below_the_root),
        T(folders_below_the_root),
        T(no_root_no_files),
        T(copies_are_whole_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
