/* SPDX-License-Identifier: Apache-2.0
 *
 * node_files_test - what a node reads and writes beside the register's copy: its key, its settings, the spool
 * of sightings, lines of the check log, reports; and the ring between threads. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "node/check_log.h"
#include "node/node_key.h"
#include "node/report.h"
#include "node/settings.h"
#include "node/spool.h"
#include "node/status_face.h"

static struct str str_of(const struct buf *b)
{
    return (struct str){b->p ? (const char *)b->p : "", b->n};
}

static void a_ring_gives_back_in_order_and_counts_what_it_lost(void **state)
{
    (void)state;
    struct ring *r = ring_new(sizeof(int), 5); /* 8 */
    int out[16];
    assert_non_null(r);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 10; i++)
            assert_int_equal(ring_put(r, &i), i < 8);
        assert_int_equal(ring_take(r, out, 3), 3);
        assert_int_equal(out[2], 2);
        assert_int_equal(ring_take(r, out, 16), 5);
        assert_int_equal(out[4], 7);
    }
    assert_int_equal(ring_lost(r), 10);
    ring_free(r);
}

static void a_key_is_read(void **state)
{
    (void)state;
    struct node_key key;
    struct fault fault = {0};
    struct str good =
        STR("# node mts-1\nregister=000102030405060708090a0b0c0d0e0f\n"
            "public=00000000000000000000000000000000000000000000000000000000000000FF\n"
            "subscriber=0100000000000000000000000000000000000000000000000000000000000000\n"
            "\napi_key=tk_abc.def\n");
    assert_int_equal(node_key_parse(good, &key, NULL), ERR_OK);
    assert_int_equal(key.register_id[15], 15);
    assert_int_equal(key.public_key[31], 0xff);
    assert_true(key.paired);
    assert_string_equal(key.api_key, "tk_abc.def");
    static const char *const bad[] = {
        "",
        "register=00\n",
        "nonsense\n",
        "secret=1\n",
        "api_key=a b\n",
        "api_key=\n",
        "register=000102030405060708090a0b0c0d0e0f\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(node_key_parse(str_z(bad[i]), &key, &fault), ERR_STORE_KEY);
}

static enum err set(struct node_settings *s, const char *section, const char *name,
                    const char *value)
{
    struct fault fault = {0};
    enum err err = node_settings_set(s, str_z(section), str_z(name), str_z(value), &fault);
    if (err)
        assert_true(fault.detail[0] && fault.field[0]);
    return err;
}

static void settings_are_judged_one_by_one(void **state)
{
    (void)state;
    static const struct {
        const char *section, *name, *value;
        enum err err;
    } table[] = {
        {"node", "unknown", "white", ERR_OK},
        {"node", "unknown", "error", ERR_SETTING_VALUE},
        {"node", "malformed", "error", ERR_OK},
        {"node", "malformed", "red", ERR_SETTING_VALUE},
        {"node", "threads", "0", ERR_SETTING_VALUE},
        {"node", "threads", "4", ERR_OK},
        {"node", "threads", "four", ERR_SETTING_VALUE},
        {"node", "registry", "ftp://x", ERR_SETTING_VALUE},
        {"node", "registry", "https://register.example/", ERR_OK},
        {"node", "stale", "never", ERR_SETTING_VALUE},
        {"node", "stale", "grey", ERR_OK},
        {"node", "stale_after_hours", "9000", ERR_SETTING_VALUE},
        {"node", "sightings_bytes", "1", ERR_SETTING_VALUE},
        {"node", "colour", "red", ERR_SETTING_UNKNOWN},
        {"radio", "listen", "1", ERR_SETTING_UNKNOWN},
        {"s13", "listen", "127.0.0.1:0, [::1]:3868", ERR_OK},
        {"s13", "listen", "localhost:3868", ERR_SETTING_VALUE},
        {"s13", "listen", "127.0.0.1", ERR_SETTING_VALUE},
        {"s13", "listen", "127.0.0.1:70000", ERR_SETTING_VALUE},
        {"s13", "listen", "::1:3868", ERR_SETTING_VALUE},
        {"s13", "peers", "mme1.example, *.core.example", ERR_OK},
        {"s13", "peers", "m*e", ERR_SETTING_VALUE},
        {"s13", "peers", "a,,b", ERR_SETTING_VALUE},
        {"s13", "identity", "eir example", ERR_SETTING_VALUE},
        {"s13", "listen", "127.0.0.1+127.0.0.2:0", ERR_SETTING_VALUE},
        {"s13", "sctp_listen", "192.0.2.1+[2001:db8::1]+192.0.2.2:3868, 127.0.0.1:0", ERR_OK},
        {"s13", "sctp_listen", "192.0.2.1+:3868", ERR_SETTING_VALUE},
        {"s13", "sctp_listen", "192.0.2.1+2001:db8::1:3868", ERR_SETTING_VALUE},
        {"s13", "sctp_listen",
         "1.0.0.1+1.0.0.2+1.0.0.3+1.0.0.4+1.0.0.5+1.0.0.6+1.0.0.7+1.0.0.8+1.0.0.9:1",
         ERR_SETTING_VALUE},
        {"s13", "connect", "192.0.2.1:0", ERR_SETTING_VALUE},
        {"s13", "sctp_connect", "192.0.2.1+192.0.2.2:3868", ERR_SETTING_VALUE},
        {"s13", "sctp_connect", "192.0.2.1:3868", ERR_OK},
        {"s13", "connect", "192.0.2.1:3868", ERR_OK},
        {"s13", "watchdog_seconds", "5", ERR_SETTING_VALUE},
        {"s13", "several", "yes", ERR_OK},
        {"n5geir", "root", "/eir", ERR_OK},
        {"n5geir", "root", "eir/", ERR_SETTING_VALUE},
        {"log", "white", "perhaps", ERR_SETTING_VALUE},
        {"log", "white", "yes", ERR_OK},
        {"log", "keep", "1001", ERR_SETTING_VALUE},
        {"metrics", "listen", "127.0.0.1:9100", ERR_OK},
        {"metrics", "listen", "9100", ERR_SETTING_VALUE},
    };
    struct node_settings *s = calloc(1, sizeof *s);
    assert_non_null(s);
    node_settings_init(s);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (set(s, table[i].section, table[i].name, table[i].value) != table[i].err)
            fail_msg("%s.%s = %s", table[i].section, table[i].name, table[i].value);
    assert_int_equal(s->network.unknown, EQUIPMENT_WHITE);
    assert_int_equal(s->network.malformed, EQUIPMENT_COUNT);
    assert_int_equal(s->threads, 4);
    assert_string_equal(s->registry, "https://register.example");
    assert_int_equal(s->s13.listen_count, 4);
    assert_string_equal(s->s13.listen[2].address, "192.0.2.1+2001:db8::1+192.0.2.2");
    assert_true(s->s13.listen[2].sctp && !s->s13.listen[1].sctp);
    assert_true(s->connect[0].sctp && !s->connect[1].sctp);
    assert_string_equal(s->s13.listen[1].address, "::1");
    assert_int_equal(s->s13.listen[1].port, 3868);
    assert_string_equal(s->peers[1], "*.core.example");
    assert_true(s->log_white && s->metrics_on);
    free(s);
}

static void settings_are_judged_together(void **state)
{
    (void)state;
    struct node_settings *s = calloc(1, sizeof *s);
    assert_non_null(s);
    node_settings_init(s);
    assert_int_equal(node_settings_check(s, NULL), ERR_SETTING_VALUE);
    assert_int_equal(set(s, "node", "registry", "http://127.0.0.1:8080"), ERR_OK);
    assert_int_equal(set(s, "node", "directory", "var/eir"), ERR_OK);
    assert_int_equal(node_settings_check(s, NULL), ERR_SETTING_VALUE); /* no address */
    assert_int_equal(set(s, "s13", "listen", "127.0.0.1:0"), ERR_OK);
    assert_int_equal(node_settings_check(s, NULL), ERR_OK);
    assert_string_equal(s->key, "var/eir/node.key");
    assert_string_equal(s->peers[0], "*");
    node_settings_init(s);
    assert_int_equal(set(s, "node", "snapshot", "a.tgix"), ERR_OK);
    assert_int_equal(set(s, "node", "key", "k"), ERR_OK);
    assert_int_equal(set(s, "s13", "listen", "0.0.0.0:3868"), ERR_OK);
    assert_int_equal(node_settings_check(s, NULL), ERR_SETTING_VALUE); /* no name, nobody may ask */
    assert_int_equal(set(s, "s13", "identity", "eir.example"), ERR_OK);
    assert_int_equal(set(s, "s13", "realm", "example"), ERR_OK);
    assert_int_equal(set(s, "s13", "peers", "*"), ERR_OK);
    assert_int_equal(node_settings_check(s, NULL), ERR_OK);
    assert_int_equal(set(s, "s13", "tls_listen", "0.0.0.0:5868"), ERR_OK);
    assert_int_equal(node_settings_check(s, NULL), ERR_SETTING_VALUE); /* no certificate */
    free(s);
}

static void a_spool_keeps_what_was_written(void **state)
{
    (void)state;
    char dir[] = "/tmp/tamga-spool.XXXXXX", path[128];
    struct node_spool *s;
    struct sighting in = {{35824005111111}, 1796000000}, out[16];
    struct spool_batch batch = {.sightings = out, .max = 16};
    uint64_t files;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(node_spool_open(dir, 3 * SPOOL_RECORD, &s, NULL), ERR_OK);
    assert_int_equal(node_spool_cut(s), 0);
    for (int i = 0; i < 5; i++, in.imei.body++)
        assert_int_equal(node_spool_add(s, &in), i < 3); /* then it is full */
    assert_true(node_spool_sync(s));
    node_spool_close(s);
    snprintf(path, sizeof path, "%s/1.sightings", dir);
    assert_int_equal(truncate(path, 3 * SPOOL_RECORD - 1),
                     0); /* a crash in the middle of a write */
    assert_int_equal(node_spool_open(dir, 1000, &s, NULL), ERR_OK);
    assert_int_equal(node_spool_bytes(s, &files), 3 * SPOOL_RECORD - 1);
    assert_int_equal(files, 1);
    assert_true(node_spool_add(s, &in)); /* into a file of its own */
    assert_int_equal(node_spool_cut(s), 1);
    assert_int_equal(node_spool_read(s, 1, &batch, NULL), ERR_OK);
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.damaged, 1);
    assert_int_equal(out[1].imei.body, 35824005111112);
    assert_int_equal(out[1].time_s, 1796000000);
    node_spool_drop(s, 1);
    assert_int_equal(node_spool_cut(s), 2);
    assert_int_equal(node_spool_read(s, 2, &batch, NULL), ERR_OK);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.damaged, 0);
    node_spool_drop(s, 2);
    assert_int_equal(node_spool_cut(s), 0);
    assert_int_equal(node_spool_bytes(s, &files), 0);
    assert_true(node_spool_add(s, &in));
    assert_int_equal(node_spool_cut(s), 3);
    node_spool_drop(s, 3);
    node_spool_close(s);
    assert_int_equal(rmdir(dir), 0);
}

static void what_cannot_be_read_is_not_empty(void **state)
{
    (void)state;
    char dir[] = "/tmp/tamga-spool.XXXXXX", path[128];
    struct node_spool *s;
    struct sighting in = {{35824005111111}, 1796000000}, out[16];
    struct spool_batch batch = {.sightings = out, .max = 16};
    struct fault fault = {0};
    struct rlimit was, none;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(node_spool_open(dir, 1000, &s, NULL), ERR_OK);
    for (int i = 0; i < 3; i++, in.imei.body++)
        assert_true(node_spool_add(s, &in));
    assert_int_equal(node_spool_cut(s), 1);
    snprintf(path, sizeof path, "%s/1.sightings", dir);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    none = was;
    none.rlim_cur = 3; /* no descriptor is left */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum err err = node_spool_read(s, 1, &batch, &fault);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_int_equal(err, ERR_FILE_OPEN);
    assert_int_equal(batch.count, 0);
    assert_true(fault.detail[0]);
    FILE *f = fopen(path, "r+b"); /* the second of three is damaged */
    assert_non_null(f);
    assert_int_equal(fseek(f, SPOOL_RECORD + 3, SEEK_SET), 0);
    assert_int_equal(fputc('x', f), 'x');
    assert_int_equal(fclose(f), 0);
    assert_int_equal(node_spool_read(s, 1, &batch, NULL), ERR_OK);
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.damaged, 1);
    assert_int_equal(out[1].imei.body, 35824005111113);
    node_spool_drop(s, 1);
    assert_int_equal(node_spool_read(s, 1, &batch, NULL), ERR_OK); /* it is no more */
    assert_int_equal(batch.count, 0);
    node_spool_close(s);
    assert_int_equal(rmdir(dir), 0);
}

static void a_record_that_was_changed_is_none(void **state)
{
    (void)state;
    uint8_t bytes[SPOOL_RECORD];
    struct sighting in = {{35824005111111}, 1796000000}, out;
    node_spool_encode(&in, bytes);
    assert_true(node_spool_decode(bytes, &out));
    for (unsigned i = 0; i < 8 * SPOOL_RECORD; i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_false(node_spool_decode(bytes, &out));
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

static void a_line_of_the_check_log_names_nobody(void **state)
{
    (void)state;
    struct buf out = {0};
    struct check_record r = {
        .time_us = 1796000000123456,
        .check = {.question = {{35824005111111}, 0}, .software_version = 1},
        .reply = {.equipment = EQUIPMENT_GREY,
                  .list = LIST_GREY,
                  .reason = REASON_UNVERIFIED,
                  .home = true},
        .face = NETWORK_S13,
        .origin_n = 9,
        .origin = "mme 1\n=\"x",
    };
    assert_int_equal(imsi_parse(STR("401010000000001"), &r.check.question.imsi), ERR_OK);
    check_log_format(&r, &out);
    r.check = (struct network_check){.software_version = 255, .malformed = 1};
    r.origin_n = 0;
    r.reply = (struct network_reply){.equipment = EQUIPMENT_COUNT};
    check_log_format(&r, &out);
    buf_uint(&out, 0, 1);
    assert_string_equal((char *)out.p,
                        "time=2026-11-30T00:53:20.123Z face=s13 origin=mme?1???x "
                        "imei=35824005-1*****-* sv=01 imsi=40101********** status=grey list=grey "
                        "reason=UNVERIFIED rule=9\n"
                        "time=2026-11-30T00:53:20.123Z face=s13 origin=- imei=- sv=- imsi=- "
                        "status=error list=- reason=NO_IMEI rule=-\n");
    buf_release(&out);
}

static void a_report_has_no_subscriber(void **state)
{
    (void)state;
    struct buf out = {0};
    struct sighting s = {{1234}, 1796000000};
    report_format(&s, &out);
    assert_true(
        str_eq(str_of(&out), STR("{\"imei\":\"00000000001234\",\"time\":\"2026-11-30T00:53:20Z\","
                                 "\"network\":\"home\"}\n")));
    buf_release(&out);
}

static struct str nameless(void *ctx, unsigned face, unsigned number)
{
    (void)face;
    (void)ctx;
    (void)number;
    return STR("");
}

/* What the status face says to a request; how it goes on. */
static enum line_next http(const char *request, size_t *out_used, struct buf *out)
{
    struct node_status status = {.ready = true};
    static struct clock clock;
    clock_init_fixed(&clock, 0);
    struct status_sources s = {
        .status = &status, .clock = &clock, .peer = nameless, .version = "1"};
    struct line line = {.face = &status_face, .face_ctx = &s};
    assert_int_equal(status_face.open(&line), ERR_OK);
    enum line_next next =
        status_face.input(&line, (const uint8_t *)request, strlen(request), out_used);
    status_face.close(&line);
    *out = line.out;
    return next;
}

static void the_status_face_speaks_a_little_http(void **state)
{
    (void)state;
    static const struct {
        const char *request, *status;
        enum line_next next;
    } table[] = {
        {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", LINE_ON},
        {"GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", LINE_CLOSE},
        {"HEAD /healthz?a HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ", LINE_CLOSE},
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 ", LINE_ON},
        {"POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 ", LINE_CLOSE},
        {"GET /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 413 ", LINE_CLOSE},
        {"nonsense\r\n\r\n", "HTTP/1.1 400 ", LINE_CLOSE},
        {"GET /metrics HTTP/1.1\r\nHost: x\r\n", "", LINE_ON},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buf out = {0};
        size_t used;
        assert_int_equal(http(table[i].request, &used, &out), table[i].next);
        assert_true(str_starts(str_of(&out), str_z(table[i].status)));
        assert_int_equal(used != 0, table[i].status[0] != 0);
        buf_release(&out);
    }
}

static void the_status_face_answers_one_at_a_time(void **state)
{
    (void)state;
    static const char two[] = "GET /healthz HTTP/1.1\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n";
    struct buf one = {0}, out = {0};
    size_t used, first;
    assert_int_equal(http(two + strlen(two) / 2, &first, &one), LINE_ON);
    assert_int_equal(first, strlen(two) / 2);
    assert_int_equal(http(two, &used, &out), LINE_ON);
    assert_int_equal(used, first);
    assert_int_equal(out.n, one.n);
    buf_release(&one);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_gives_back_in_order_and_counts_what_it_lost),
        cmocka_unit_test(a_key_is_read),
        cmocka_unit_test(settings_are_judged_one_by_one),
        cmocka_unit_test(settings_are_judged_together),
        cmocka_unit_test(a_spool_keeps_what_was_written),
        cmocka_unit_test(what_cannot_be_read_is_not_empty),
        cmocka_unit_test(a_record_that_was_changed_is_none),
        cmocka_unit_test(a_line_of_the_check_log_names_nobody),
        cmocka_unit_test(a_report_has_no_subscriber),
        cmocka_unit_test(the_status_face_speaks_a_little_http),
        cmocka_unit_test(the_status_face_answers_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
