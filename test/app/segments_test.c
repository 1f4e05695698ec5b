/* SPDX-License-Identifier: Apache-2.0
 *
 * segments_test - who asks for a segment that is not made, while another is being made, is sent away at once and comes
 * again: he holds no thread. Whoever makes one waits here for a disk that is a pipe. */
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/segments.h"
#include "base/str.h"

enum { ROWS = SEGMENT_ITEMS + 5000 };

struct world {
    struct fixture *f;
    struct segments *segments;
    char directory[64], name[SEGMENT_NAME], pipe[256];
};

static void fill(struct fixture *f)
{
    struct change *changes = calloc(ROWS, sizeof *changes);
    assert_non_null(changes);
    for (uint64_t i = 0; i < ROWS; i++)
        changes[i] =
            (struct change){.imei = {35824005000000 + i}, .kind = CHANGE_AMNESTY, .on = true};
    assert_int_equal(fixture_give(f, EVENT_AMNESTY, changes, ROWS), ROWS);
    free(changes);
}

static void begin(struct world *w)
{
    struct buf names = {0};
    struct str rest;
    struct fault fault = {0};
    w->f = fixture_memory("2026-11-28");
    fill(w->f);
    snprintf(w->directory, sizeof w->directory, "/tmp/tamga-segments.XXXXXX");
    assert_non_null(mkdtemp(w->directory));
    OK(segments_new(w->directory, &w->segments));
    OK(segments_list(w->segments, w->f->reg, 1, &names, &fault));
    str_copy(w->name, sizeof w->name,
             str_split((struct str){(char *)names.p, names.n}, ' ', &rest));
    assert_non_null(rest.p);
    buf_release(&names);
    snprintf(w->pipe, sizeof w->pipe, "%s/segment-%s.tgfs.%ld.new", w->directory, w->name,
             (long)getpid());
}

static void end(struct world *w)
{
    char path[256];
    segments_free(w->segments);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/segment-%s%s", w->directory, w->name, i ? ".zst" : ".tgfs");
        unlink(path);
    }
    assert_int_equal(rmdir(w->directory), 0);
    fixture_free(w->f);
}

static enum err open_one(struct world *w)
{
    struct fault fault = {0};
    struct snapshot file = {.fd = -1};
    enum err err = segments_open(w->segments, w->f->reg, str_z(w->name), false, &file, &fault);
    if (!err)
        close(file.fd);
    return err;
}

static void *make(void *arg)
{
    return open_one(arg) == ERR_FILE_WRITE ? arg : NULL; /* a pipe cannot be synced */
}

static void nobody_waits_for_another(void **state)
{
    (void)state;
    struct world w = {0};
    pthread_t maker;
    void *failed = NULL;
    char bytes[4096];
    struct snapshot none;
    begin(&w);
    assert_int_equal(mkfifo(w.pipe, 0600), 0);
    const uint64_t made = segments_made(w.segments);
    assert_int_equal(pthread_create(&maker, NULL, make, &w), 0);
    int fd = open(w.pipe, O_RDONLY | O_CLOEXEC); /* until the maker writes */
    assert_true(fd >= 0);
    assert_int_equal(open_one(&w), ERR_NOT_NOW);
    assert_int_equal(segments_open(w.segments, w.f->reg, STR("1-x"), true, &none, NULL),
                     ERR_NOT_FOUND);
    assert_int_equal(segments_made(w.segments), made);
    while (read(fd, bytes, sizeof bytes) > 0)
        ;
    close(fd);
    assert_int_equal(pthread_join(maker, &failed), 0);
    assert_ptr_equal(failed, &w);
    assert_int_equal(segments_made(w.segments), made + 1); /* who was sent away is called */
    OK(open_one(&w));
    OK(open_one(&w));
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_waits_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
