/* SPDX-License-Identifier: Apache-2.0 */
#include "register_bed.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "index/writer.h"

enum { REQUEST_MAX = 4096, FILE_MAX = 1 << 26 };

/* ---- what it says ---- */

static void answer(int fd, const char *status, struct str body, bool head)
{
    char line[256];
    int n = snprintf(line, sizeof line,
                     "HTTP/1.1 %s\r\nContent-Length: %zu\r\nETag: \"t\"\r\n"
                     "Connection: close\r\n\r\n",
                     status, body.n);
    (void)!write(fd, line, (size_t)n);
    for (size_t done = 0; !head && done < body.n;) {
        ssize_t wrote = write(fd, body.p + done, body.n - done);
        if (wrote <= 0)
            return;
        done += (size_t)wrote;
    }
}

static void image_of(struct register_bed *r, const struct index *index, struct buf *out)
{
    char path[COPY_PATH];
    struct rules rules;
    struct buf text = {0};
    struct index_image *image;
    rules_init(&rules);
    rules_format(&rules, &text);
    const struct index_file file = {
        r->bed->key.register_id, {(char *)text.p, text.n}, {(const char *)text.p, 0}};
    copy_path(r->bed->directory, "image", 0, "tgix", path);
    assert_int_equal(index_image_new(index, &image), ERR_OK);
    assert_int_equal(index_image_write(image, path, &file, &r->bed->keys, NULL), ERR_OK);
    index_image_free(image);
    assert_int_equal(file_read(path, FILE_MAX, out, NULL), ERR_OK);
    unlink(path);
    buf_release(&text);
}

static void give_part(struct register_bed *r, int fd, struct str text)
{
    struct tac_ranges tacs = {0};
    struct index *part;
    struct buf bytes = {0};
    assert_int_equal(tac_ranges_parse(text, &tacs, NULL), ERR_OK);
    assert_int_equal(index_part(r->own->index->index, &tacs, NULL, &part), ERR_OK);
    image_of(r, part, &bytes);
    index_free(part);
    atomic_fetch_add(&r->parts_given, 1);
    answer(fd, "200 OK", (struct str){(char *)bytes.p, bytes.n}, false);
    buf_release(&bytes);
}

static void give_snapshot(struct register_bed *r, int fd, struct str target)
{
    struct str tacs;
    str_split(target, '=', &tacs);
    if (tacs.p && atomic_load(&r->no_parts)) {
        atomic_fetch_add(&r->parts_refused, 1);
        answer(fd, "429 Too Many Requests", STR("{\"reason\":\"SNAPSHOT_PARTS\"}"), false);
    } else if (tacs.p) {
        give_part(r, fd, tacs);
    } else {
        atomic_fetch_add(&r->wholes_given, 1);
        answer(fd, "200 OK", (struct str){(char *)r->snapshot.p, r->snapshot.n}, false);
    }
}

/* All that stands from the place on that the cursor names. */
static void give_feed(struct register_bed *r, int fd, struct str target)
{
    struct str after, rest;
    uint64_t seq = 0;
    str_split(target, '=', &after);
    assert_true(str_to_u64(str_split(after, '-', &rest), UINT64_MAX, &seq));
    bed_begin(r->bed);
    for (unsigned i = 0; i < r->count; i++)
        if (r->seqs[i] >= seq)
            buf_put(&r->bed->answer, r->blocks[i].p, r->blocks[i].n);
    answer(fd, "200 OK", bed_head(r->bed, BED_NOW_US), false);
}

static void serve(struct register_bed *r, int fd)
{
    char request[REQUEST_MAX];
    size_t n = 0;
    ssize_t got = 1;
    while (got > 0 && n < sizeof request && !memmem(request, n, "\r\n\r\n", 4)) {
        got = read(fd, request + n, sizeof request - n);
        n += got > 0 ? (size_t)got : 0;
    }
    struct str rest, target;
    (void)str_split((struct str){request, n}, ' ', &rest);
    if (!rest.p)
        return;
    target = str_split(rest, ' ', &rest);
    pthread_mutex_lock(&r->lock);
    if (atomic_load(&r->away))
        answer(fd, "503 Service Unavailable", STR("{}"), false);
    else if (atomic_load(&r->crowded))
        answer(fd, "429 Too Many Requests", STR("{\"reason\":\"RATE\"}"), false);
    else if (str_starts(target, STR("/api/v1/snapshot")))
        give_snapshot(r, fd, target);
    else if (str_starts(target, STR("/api/v1/feed?")))
        give_feed(r, fd, target);
    else
        answer(fd, "404 Not Found", STR("{}"), false);
    pthread_mutex_unlock(&r->lock);
}

static void *run(void *arg)
{
    struct register_bed *r = arg;
    while (!atomic_load(&r->stopping)) {
        struct pollfd poll_fd = {.fd = r->listener, .events = POLLIN};
        int fd = poll(&poll_fd, 1, 20) > 0 ? accept(r->listener, NULL, NULL) : -1;
        if (fd < 0)
            continue;
        serve(r, fd);
        close(fd);
    }
    return NULL;
}

/* ---- what it knows ---- */

static void note(struct register_bed *r, uint64_t first_seq)
{
    struct str frames = {(char *)r->bed->answer.p, r->bed->answer.n};
    assert_true(r->count < REGISTER_ANSWERS);
    r->seqs[r->count] = first_seq;
    buf_str(&r->blocks[r->count++], frames);
    assert_int_equal(copy_take(r->own, bed_head(r->bed, BED_NOW_US), NULL), ERR_OK);
}

void register_row(struct register_bed *r, uint64_t body, uint8_t before, uint8_t after)
{
    pthread_mutex_lock(&r->lock);
    const uint64_t seq = r->bed->chain.next_seq;
    bed_begin(r->bed);
    bed_row(r->bed, 0, body, before, after);
    note(r, seq);
    pthread_mutex_unlock(&r->lock);
}

uint64_t register_snapshot(struct register_bed *r)
{
    pthread_mutex_lock(&r->lock);
    buf_clear(&r->snapshot);
    image_of(r, r->own->index->index, &r->snapshot);
    const uint64_t seq = r->own->place.next_seq;
    pthread_mutex_unlock(&r->lock);
    return seq;
}

void register_give(struct register_bed *r, const char *directory)
{
    char path[COPY_PATH];
    copy_path(directory, "snapshot", 1, "tgix", path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(r->snapshot.p, 1, r->snapshot.n, file), r->snapshot.n);
    assert_int_equal(fclose(file), 0);
}

struct register_bed *register_new(void)
{
    struct register_bed *r = calloc(1, sizeof *r);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    assert_non_null(r);
    pthread_mutex_init(&r->lock, NULL);
    r->bed = bed_new();
    bed_snapshot(r->bed);
    assert_int_equal(copy_open(&r->bed->options, 1, &r->own, NULL), ERR_OK);
    register_snapshot(r);
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(r->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(r->listener, 16), 0);
    assert_int_equal(getsockname(r->listener, (struct sockaddr *)&at, &n), 0);
    snprintf(r->url, sizeof r->url, "http://127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
    return r;
}

void register_free(struct register_bed *r)
{
    atomic_store(&r->stopping, true);
    pthread_join(r->thread, NULL);
    close(r->listener);
    copy_free(r->own);
    bed_free(r->bed);
    for (unsigned i = 0; i < r->count; i++)
        buf_release(&r->blocks[i]);
    buf_release(&r->snapshot);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
