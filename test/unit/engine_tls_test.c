/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine over TLS, against OpenSSL's own client: who is let in, under which name, what happens to
 * those who are not, that keys change while it runs. */
#include "unit/engine_bed.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "unit/engine_ca.h"

static struct engine_ca *home, *foreign; /* made once: a group's set-up */
static struct engine_pair server;

struct client_wish {
    const struct engine_pair *pair;
    const char *alpn; /* with its length before it */
    int version;
    struct engine_ca *trusts;
};

struct client {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
    bool stands;
};

static struct client tls_client(uint16_t port, const struct client_wish *wish)
{
    struct client c = {.ctx = SSL_CTX_new(TLS_client_method()), .fd = client_new(port)};
    struct engine_ca *trusts = wish->trusts ? wish->trusts : home;
    assert_non_null(c.ctx);
    assert_int_equal(SSL_CTX_load_verify_locations(c.ctx, engine_ca_file(trusts), NULL), 1);
    SSL_CTX_set_verify(c.ctx, SSL_VERIFY_PEER, NULL);
    if (wish->version)
        assert_int_equal(SSL_CTX_set_max_proto_version(c.ctx, wish->version), 1);
    if (wish->pair) {
        const char *certificate = wish->pair->certificate, *key = wish->pair->key;
        assert_int_equal(SSL_CTX_use_certificate_chain_file(c.ctx, certificate), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(c.ctx, key, SSL_FILETYPE_PEM), 1);
    }
    c.ssl = SSL_new(c.ctx);
    if (wish->alpn)
        SSL_set_alpn_protos(c.ssl, (const unsigned char *)wish->alpn, (unsigned)strlen(wish->alpn));
    assert_int_equal(SSL_set_fd(c.ssl, c.fd), 1);
    c.stands = SSL_connect(c.ssl) == 1;
    ERR_clear_error();
    return c;
}

static void client_end(struct client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    close(c->fd);
}

static bool tls_read(SSL *ssl, void *p, size_t n)
{
    size_t at = 0, got;
    while (at < n && SSL_read_ex(ssl, (char *)p + at, n - at, &got) == 1)
        at += got;
    ERR_clear_error();
    return at == n;
}

static bool tls_asks(const struct client *c, size_t n)
{
    static uint8_t said[ECHO_MAX], heard[ECHO_MAX];
    client_message(said, 'x', n);
    bool sent = c->stands && SSL_write(c->ssl, said, (int)n) == (int)n;
    ERR_clear_error();
    return sent && tls_read(c->ssl, heard, n) && memcmp(said, heard, n) == 0;
}

/* Is it heard? A client of TLS 1.3 learns only then that it was refused. */
static bool is_served(uint16_t port, const struct client_wish *wish)
{
    struct client c = tls_client(port, wish);
    bool served = tls_asks(&c, 100);
    client_end(&c);
    return served;
}

static struct engine_tls *new_tls(const char *clients, const char *alpn)
{
    struct engine_tls *tls = NULL;
    struct fault fault = {0};
    enum err err = engine_tls_new(server.certificate, server.key, clients, alpn, &tls, &fault);
    if (err)
        print_error("%s %s\n", fault.file, fault.detail);
    assert_int_equal(err, ERR_OK);
    return tls;
}

static void a_message_comes_back(void **state)
{
    (void)state;
    struct engine_tls *tls = new_tls(NULL, NULL);
    struct bed *bed = bed_new(&(struct bed_wish){.tls = tls});
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct client c = tls_client(bed->port, &(struct client_wish){.version = version});
        assert_true(c.stands);
        assert_int_equal(SSL_version(c.ssl), version);
        for (size_t n = ECHO_HEAD; n < 200; n++)
            assert_true(tls_asks(&c, n));
        assert_true(tls_asks(&c, ECHO_MAX));
        assert_false(SSL_session_reused(c.ssl));
        assert_int_equal(SSL_shutdown(c.ssl), 0); /* we have said goodbye */
        assert_int_equal(SSL_shutdown(c.ssl), 1); /* so did the engine */
        client_end(&c);
    }
    assert_true(bed_wait_open(bed, 0));
    assert_int_equal(engine_counts(bed->engine).accepted, 2);
    assert_int_equal(engine_counts(bed->engine).dropped, 0);
    bed_free(bed);
    engine_tls_free(tls);
}

/* 3 MB of answers to one who does not read at first; then records cut to single bytes. */
static void much_and_little(void **state)
{
    (void)state;
    struct engine_tls *tls = new_tls(NULL, NULL);
    struct bed *bed = bed_new(&(struct bed_wish){.tls = tls});
    struct client c = tls_client(bed->port, &(struct client_wish){0});
    static uint8_t said[3000], heard[3000];
    client_message(said, ECHO_MUCH, sizeof said);
    assert_int_equal(SSL_write(c.ssl, said, sizeof said), sizeof said);
    poll(NULL, 0, 100);
    for (int i = 0; i < 1000; i++) {
        assert_true(tls_read(c.ssl, heard, sizeof heard));
        assert_memory_equal(said, heard, sizeof heard);
    }
    BIO *wire = BIO_new(BIO_s_mem());
    BIO *socket = SSL_get_wbio(c.ssl);
    BIO_up_ref(socket);
    SSL_set0_wbio(c.ssl, wire);
    client_message(said, 'x', 500);
    assert_int_equal(SSL_write(c.ssl, said, 500), 500);
    char *p;
    long n = BIO_get_mem_data(wire, &p);
    for (long i = 0; i < n; i++)
        client_send(c.fd, p + i, 1);
    SSL_set0_wbio(c.ssl, socket);
    assert_true(tls_read(c.ssl, heard, 500));
    assert_memory_equal(said, heard, 500);
    assert_true(tls_asks(&c, 100));
    client_end(&c);
    bed_free(bed);
    engine_tls_free(tls);
}

static void assert_called(const struct bed *bed, struct engine_pair pair, const char *name)
{
    struct client c = tls_client(bed->port, &(struct client_wish){.pair = &pair});
    char heard[300] = "";
    assert_true(c.stands);
    assert_int_equal(SSL_write(c.ssl, "\0\3W", 3), 3);
    assert_true(tls_read(c.ssl, heard, ECHO_HEAD + strlen(name)));
    assert_int_equal(get_be((uint8_t *)heard, 2), ECHO_HEAD + strlen(name));
    assert_string_equal(heard + ECHO_HEAD, name);
    client_end(&c);
    engine_pair_remove(&pair);
}

static void a_client_is_known_by_its_certificate(void **state)
{
    (void)state;
    struct engine_tls *tls = new_tls(engine_ca_file(home), NULL);
    struct bed *bed = bed_new(&(struct bed_wish){.tls = tls});
    assert_called(bed, engine_ca_give(home, "cn", "DNS:mme1.example,DNS:mme2.example", 10),
                  "mme1.example mme2.example");
    assert_called(bed, engine_ca_give(home, "cn", "IP:192.0.2.1,DNS:mme.example", 10),
                  "mme.example");
    assert_called(bed, engine_ca_give(home, "amf.example", NULL, 10), "amf.example");
    assert_called(bed, engine_ca_give(home, "with a blank", NULL, 10), "");
    bed_free(bed);
    engine_tls_free(tls);
}

static void strangers_are_refused(void **state)
{
    (void)state;
    struct engine_tls *tls = new_tls(engine_ca_file(home), NULL);
    struct bed *bed = bed_new(&(struct bed_wish){.tls = tls});
    struct engine_pair good = engine_ca_give(home, "good.example", NULL, 10);
    struct engine_pair wrong = engine_ca_give(foreign, "good.example", NULL, 10);
    struct engine_pair old = engine_ca_give(home, "good.example", NULL, -1);
    assert_true(is_served(bed->port, &(struct client_wish){.pair = &good}));
    assert_false(is_served(bed->port, &(struct client_wish){0}));
    assert_true(bed_was_dropped_for(bed, "tls: peer did not return a certificate"));
    assert_false(is_served(bed->port, &(struct client_wish){.pair = &wrong}));
    assert_true(bed_was_dropped_for(bed, "tls: unable to get local issuer certificate"));
    assert_false(is_served(bed->port, &(struct client_wish){.pair = &old}));
    assert_true(bed_was_dropped_for(bed, "tls: certificate has expired"));
    assert_false(is_served(bed->port, &(struct client_wish){.version = TLS1_1_VERSION}));
    int plain = client_new(bed->port);
    client_send(plain, "GET / HTTP/1.1\r\n\r\n", 18);
    uint8_t alert[7];
    while (recv(plain, alert, sizeof alert, 0) > 0)
        ;
    close(plain);
    assert_true(bed_wait_open(bed, 0));
    assert_int_equal(engine_counts(bed->engine).dropped, 5);
    assert_int_equal(engine_counts(bed->engine).accepted, 1);
    assert_int_equal(bed->echo.opened, 1);
    bed_free(bed);
    engine_pair_remove(&good);
    engine_pair_remove(&wrong);
    engine_pair_remove(&old);
    engine_tls_free(tls);
}

static void a_handshake_has_its_time(void **state)
{
    (void)state;
    struct engine_tls *tls = new_tls(NULL, NULL);
    struct bed *bed = bed_new(&(struct bed_wish){.tls = tls, .handshake_us = 1500000});
    int silent = client_new(bed->port), slow = client_new(bed->port);
    client_send(slow, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                11); /* a ClientHello begins */
    assert_true(is_served(bed->port, &(struct client_wish){0}));
    assert_true(client_is_closed(silent));
    assert_true(client_is_closed(slow));
    assert_true(bed_was_dropped_for(bed, "tls: too slow"));
    int gone = client_new(bed->port);
    client_send(gone, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
    shutdown(gone, SHUT_WR);
    assert_true(client_is_closed(gone));
    assert_true(bed_was_dropped_for(bed, "tls: it was cut off"));
    close(silent);
    close(slow);
    close(gone);
    assert_int_equal(bed->echo.opened, 1);
    bed_free(bed);
    engine_tls_free(tls);
}

static void only_our_protocol_is_spoken(void **state)
{
    (void)state;
    struct engine_tls *tls = new_tls(NULL, "h2");
    struct bed *bed = bed_new(&(struct bed_wish){.tls = tls});
    assert_true(is_served(bed->port, &(struct client_wish){.alpn = "\2h2"}));
    assert_true(is_served(bed->port, &(struct client_wish){.alpn = "\10http/1.1\2h2"}));
    assert_false(is_served(bed->port, &(struct client_wish){.alpn = "\10http/1.1"}));
    assert_true(bed_was_dropped_for(bed, "tls: no application protocol"));
    assert_false(is_served(bed->port, &(struct client_wish){0}));
    assert_true(bed_was_dropped_for(bed, "tls: no protocol in common"));
    bed_free(bed);
    engine_tls_free(tls);
}

static void copy_file(const char *to, const char *from)
{
    char bytes[8192];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    assert_true(in && out);
    size_t n = fread(bytes, 1, sizeof bytes, in);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* New files for new connections; those that stand are not touched; bad files change nothing. */
static void keys_change_while_it_runs(void **state)
{
    (void)state;
    struct engine_pair now = engine_ca_give(home, "eir.example", NULL, 10);
    struct engine_pair next = engine_ca_give(foreign, "eir.example", NULL, 10);
    struct engine_tls *tls = NULL;
    struct fault fault = {0};
    assert_int_equal(engine_tls_new(now.certificate, now.key, NULL, NULL, &tls, &fault), ERR_OK);
    struct bed *bed = bed_new(&(struct bed_wish){.tls = tls});
    struct client stands = tls_client(bed->port, &(struct client_wish){0});
    assert_true(tls_asks(&stands, 100));
    copy_file(now.certificate, next.certificate); /* half of the change: the key is another's */
    assert_int_equal(engine_tls_reload(tls, &fault), ERR_TLS);
    assert_string_equal(fault.file, now.key);
    assert_true(is_served(bed->port, &(struct client_wish){0}));
    copy_file(now.key, next.key);
    assert_int_equal(engine_tls_reload(tls, NULL), ERR_OK);
    assert_false(is_served(bed->port, &(struct client_wish){0}));
    assert_true(is_served(bed->port, &(struct client_wish){.trusts = foreign}));
    assert_true(tls_asks(&stands, 100));
    client_end(&stands);
    bed_free(bed);
    engine_tls_free(tls);
    engine_pair_remove(&now);
    engine_pair_remove(&next);
}

static void unfit_files_are_named(void **state)
{
    (void)state;
    struct engine_tls *tls = NULL;
    struct fault fault = {0};
    struct engine_pair other = engine_ca_give(home, "other.example", NULL, 10);
    const char *rows[][4] = {
        {"/nonexistent.pem", server.key, NULL, "/nonexistent.pem"},
        {server.key, server.key, NULL, server.key},
        {server.certificate, other.key, NULL, other.key},
        {server.certificate, "/nonexistent.pem", NULL, "/nonexistent.pem"},
        {server.certificate, server.key, "/nonexistent.pem", "/nonexistent.pem"},
        {server.certificate, server.key, server.key, server.key},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char **row = rows[i];
        assert_int_equal(engine_tls_new(row[0], row[1], row[2], NULL, &tls, &fault), ERR_TLS);
        assert_string_equal(fault.file, row[3]);
        assert_true(fault.detail[0]);
        assert_null(tls);
    }
    engine_pair_remove(&other);
}

enum { CROWD = 60 };

/* A crowd shakes hands at once, step by step; a line that stands is answered all the while. */
static void many_shake_hands_at_once(void **state)
{
    (void)state;
    struct engine_tls *tls = new_tls(NULL, NULL);
    struct bed *bed = bed_new(&(struct bed_wish){.workers = 1, .tls = tls});
    struct client stands = tls_client(bed->port, &(struct client_wish){0});
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *crowd[CROWD];
    int fds[CROWD], done = 0;
    for (int i = 0; i < CROWD; i++) {
        fds[i] = client_new(bed->port);
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
        crowd[i] = SSL_new(ctx);
        assert_int_equal(SSL_set_fd(crowd[i], fds[i]), 1);
    }
    for (int64_t end_us = clock_monotonic_us() + 10000000; done < CROWD;) {
        done = 0;
        for (int i = 0; i < CROWD; i++)
            done += SSL_connect(crowd[i]) == 1;
        ERR_clear_error();
        assert_true(tls_asks(&stands, 100));
        assert_true(clock_monotonic_us() < end_us);
    }
    for (int i = 0; i < CROWD; i++) {
        SSL_free(crowd[i]);
        close(fds[i]);
    }
    SSL_CTX_free(ctx);
    client_end(&stands);
    assert_true(bed_wait_open(bed, 0));
    assert_int_equal(engine_counts(bed->engine).accepted, CROWD + 1);
    bed_free(bed);
    engine_tls_free(tls);
}

/* Both ends are engines: who calls checks whom it reached, and is known by its own certificate. */
static void we_call_over_tls(void **state)
{
    (void)state;
    struct engine_tls *theirs = new_tls(engine_ca_file(home), NULL), *ours = NULL, *blind = NULL;
    struct engine_pair pair = engine_ca_give(home, "eir.example", NULL, 10);
    assert_int_equal(
        engine_tls_new(pair.certificate, pair.key, engine_ca_file(home), NULL, &ours, NULL),
        ERR_OK);
    struct bed *far = bed_new(&(struct bed_wish){.tls = theirs});
    struct bed *near = bed_new(&(struct bed_wish){0});
    near->echo.greets = true;
    struct engine_listener to = {.face = &near->face,
                                 .face_ctx = &near->echo,
                                 .address = "127.0.0.1",
                                 .port = far->port,
                                 .tls = ours};
    assert_int_equal(engine_connect(near->engine, &to, NULL), ERR_OK);
    assert_true(bed_wait_open(far, 1));
    assert_true(bed_wait_open(near, 1));
    for (int i = 0; i < 10000 && far->echo.inputs < 100; i++)
        poll(NULL, 0, 1); /* a greeting goes to and fro for ever: each end echoes */
    assert_true(far->echo.inputs >= 100 && near->echo.inputs >= 99);
    assert_int_equal(engine_counts(near->engine).connected, 1);
    blind = new_tls(NULL, NULL);
    to.tls = blind;
    assert_int_equal(engine_connect(near->engine, &to, NULL), ERR_TLS);
    bed_free(near);
    bed_free(far);
    engine_tls_free(theirs);
    engine_tls_free(ours);
    engine_tls_free(blind);
    engine_pair_remove(&pair);
}

static int make(void **state)
{
    (void)state;
    home = engine_ca_new("Home");
    foreign = engine_ca_new("Foreign");
    server = engine_ca_give(home, "eir.example", "DNS:eir.example", 10);
    return 0;
}

static int give_back(void **state)
{
    (void)state;
    engine_pair_remove(&server);
    engine_ca_free(home);
    engine_ca_free(foreign);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_comes_back),
        cmocka_unit_test(much_and_little),
        cmocka_unit_test(a_client_is_known_by_its_certificate),
        cmocka_unit_test(strangers_are_refused),
        cmocka_unit_test(a_handshake_has_its_time),
        cmocka_unit_test(only_our_protocol_is_spoken),
        cmocka_unit_test(keys_change_while_it_runs),
        cmocka_unit_test(unfit_files_are_named),
        cmocka_unit_test(many_shake_hands_at_once),
        cmocka_unit_test(we_call_over_tls),
    };
    return cmocka_run_group_tests_name("engine_tls", tests, make, give_back);
}
