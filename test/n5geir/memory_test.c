/* SPDX-License-Identifier: Apache-2.0
 *
 * No memory: a talk in which the k-th piece is refused, for each k: that one alone, or it and all after it.
 * The pool is this file's own, of malloc, so that a sanitizer sees each piece. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "n5geir/client.h"
#include "n5geir/pool.h"

#define P "/n5g-eir-eic/v1/equipment-status?pei=imei-490154203237520"

/* Globals, since the pool of a session has no place for them. */
static long left; /* pieces until one is refused */
static bool once; /* only that one */

/* Before each piece, so that all can be given back: the pool's promise. */
struct pool_large {
    struct pool_large *next, *before;
};

static bool refused(struct pool *pool)
{
    bool no = left-- == 0 || (!once && left < 0);
    pool->refused = pool->refused || no;
    return no;
}

void *pool_take(struct pool *pool, size_t n)
{
    struct pool_large *piece = refused(pool) ? NULL : malloc(sizeof *piece + n);
    if (!piece)
        return NULL;
    *piece = (struct pool_large){.next = pool->large};
    if (pool->large)
        pool->large->before = piece;
    pool->large = piece;
    return piece + 1;
}

void pool_give(struct pool *pool, void *p)
{
    if (!p)
        return;
    struct pool_large *piece = (struct pool_large *)p - 1;
    if (piece->next)
        piece->next->before = piece->before;
    if (piece->before)
        piece->before->next = piece->next;
    else
        pool->large = piece->next;
    free(piece);
}

void *pool_resize(struct pool *pool, void *p, size_t n)
{
    if (!p)
        return pool_take(pool, n);
    if (refused(pool))
        return NULL;
    struct pool_large *piece = (struct pool_large *)p - 1;
    struct pool_large *moved = realloc(piece, sizeof *piece + n);
    if (!moved)
        return NULL;
    if (moved->next)
        moved->next->before = moved;
    if (moved->before)
        moved->before->next = moved;
    else
        pool->large = moved;
    return moved + 1;
}

void pool_release(struct pool *pool)
{
    while (pool->large)
        pool_give(pool, pool->large + 1);
}

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static ssize_t read_body(nghttp2_session *h2, int32_t stream, uint8_t *to, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)h2;
    (void)stream;
    (void)source;
    (void)user;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    memset(to, 'x', size < 10 ? size : 10);
    return size < 10 ? (ssize_t)size : 10;
}

/* Requests, one with a body, one that is reset, one that is none, a goodbye. */
static void talk(struct client *client)
{
    const nghttp2_nv fields[] = {field(":method", "GET"), field(":scheme", "http"),
                                 field(":authority", "x"), field(":path", P)};
    const nghttp2_data_provider body = {.read_callback = read_body};
    for (int i = 0; i < 40; i++)
        client_ask(client, NULL, P, i % 2 ? "text/html" : NULL);
    client_settle(client);
    nghttp2_submit_request(client->h2, NULL, fields, 4, &body, NULL);
    nghttp2_submit_request(client->h2, NULL, fields, 3, NULL, NULL);
    int32_t gone = client_ask(client, NULL, P, NULL);
    client_gather(client);
    nghttp2_submit_rst_stream(client->h2, NGHTTP2_FLAG_NONE, gone, NGHTTP2_CANCEL);
    nghttp2_submit_ping(client->h2, NGHTTP2_FLAG_NONE, NULL);
    if (client->next == LINE_ON)
        client_settle(client);
    if (client->next == LINE_ON)
        client->next = n5g_face.stop(&client->line);
}

/* False: the talk needed fewer pieces than k. */
static bool without_piece(long k, bool just_once)
{
    left = k;
    once = just_once;
    struct client *client = client_new();
    assert_non_null(client);
    talk(client);
    bool reached = left < 0;
    client_free(client);
    return reached;
}

static void any_piece_may_be_refused(void **state)
{
    (void)state;
    for (int just_once = 0; just_once < 2; just_once++) {
        long k = 0;
        while (without_piece(k, just_once))
            k++;
        assert_in_range(k, 100, 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_piece_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
