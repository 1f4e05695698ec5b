/* SPDX-License-Identifier: Apache-2.0
 *
 * Papers: what their bytes must be; sealed files that do not open elsewhere; equal bytes once; taken by one
 * application of their owner; limits of a day and of the place; what is loose, or left over, goes; what an
 * applicant is told, once, in the outbox. */
#include "cases/house.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cases/outbox.h"
#include "cases/paper.h"
#include "cases/paper_kind.h"

#define PAPER(text) "%PDF-1.4\n" text "\n%%EOF\n"

struct place {
    char dir[64];
    struct paper_place is;
};

static struct place place_open(void)
{
    struct place p = {.dir = "/tmp/tamga-papers.XXXXXX"};
    assert_non_null(mkdtemp(p.dir));
    OK(paper_files_open(p.dir, &p.is.files, NULL));
    return p;
}

static int remove_one(const char *path, const struct stat *is, int kind, struct FTW *at)
{
    (void)is;
    (void)kind;
    (void)at;
    return remove(path);
}

static void place_close(struct place *p)
{
    paper_files_close(p->is.files);
    assert_int_equal(nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void count_file(void *ctx, const uint8_t name[PAPER_FILE_NAME])
{
    (void)name;
    ++*(size_t *)ctx;
}

static size_t files(const struct place *p)
{
    size_t n = 0;
    for (unsigned i = 0; i < 256; i++)
        paper_files_each(p->is.files, (uint8_t)i, count_file, &n);
    return n;
}

static enum err add(struct house *h, struct place *p, const struct session *who, const char *bytes,
                    struct paper *out)
{
    bool again;
    OK(registry_refresh(h->f->reg, NULL));
    return paper_add(&h->office, &p->is, who, &(struct paper_sent){.bytes = str_z(bytes)}, out,
                     &again, NULL);
}

static void sweep(struct house *h, struct place *p, size_t want)
{
    size_t n;
    OK(registry_refresh(h->f->reg, NULL));
    OK(papers_sweep(&h->office, &p->is, &n, NULL));
    assert_int_equal(n, want);
}

static size_t sweep_files(struct house *h, struct place *p)
{
    size_t all = 0, n;
    OK(registry_refresh(h->f->reg, NULL));
    for (unsigned i = 0; i < 256; i++) {
        assert_true(papers_sweep_files(&h->office, &p->is, (uint8_t)i, &n));
        all += n;
    }
    return all;
}

static enum err file_with(struct house *h, const struct session *who, uint64_t body,
                          const struct paper *papers, size_t n, uint64_t *out_id)
{
    struct case_device d = device(body, 2);
    struct paper_id ids[LIMIT_PAPERS + 1];
    struct application a;
    bool again;
    for (size_t i = 0; i < n; i++)
        ids[i] = papers[i].is.id;
    const struct filing wish = {.kind = APPROVAL_PERSONAL,
                                .way = WAY_CARRIED,
                                .entered = fixture_daynum("2026-03-01"),
                                .devices = &d,
                                .device_count = 1,
                                .papers = ids,
                                .paper_count = n,
                                .language = STR("ru")};
    OK(registry_refresh(h->f->reg, NULL));
    enum err err = filing_new(&h->office, who, &wish, &a, &again, NULL);
    if (err)
        return err;
    assert_int_equal(a.paper_count, n);
    *out_id = a.id;
    application_release(&a);
    return ERR_OK;
}

/* ---- bytes ---- */

#define JPEG_HEAD   "\xff\xd8\xff\xe0\x00\x04xx"
#define FRAME(h, w) "\xff\xc0\x00\x0b\x08" h w "\x01\x01\x11\x00"
#define SCAN                                                                                       \
    "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"                                                     \
    "abc\xff\xd9"
#define PNG_HEAD "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
#define PNG_END                                                                                    \
    "\x08\x00\x00\x00\x00"                                                                         \
    "crc4"                                                                                         \
    "\x00\x00\x00\x00IEND\xae\x42\x60\x82"
#define ROW(err, kind, w, h, bytes)                                                                \
    {                                                                                              \
        err, kind, w, h,                                                                           \
        {                                                                                          \
            bytes, sizeof(bytes) - 1                                                               \
        }                                                                                          \
    }

static void bytes_decide(void **state)
{
    static const struct {
        enum err err;
        uint8_t kind;
        uint32_t width, height;
        struct str bytes;
    } rows[] = {
        ROW(ERR_OK, PAPER_PDF, 0, 0, PAPER("x")),
        ROW(ERR_OK, PAPER_JPEG, 4000, 3000, JPEG_HEAD FRAME("\x0b\xb8", "\x0f\xa0") SCAN),
        ROW(ERR_OK, PAPER_JPEG, 1, 1,
            "\xff\xd8\xff\xff\xff\xc2\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00" SCAN),
        ROW(ERR_OK, PAPER_JPEG, 1, 1,
            JPEG_HEAD FRAME("\x00\x01", "\x00\x01") SCAN "trailer of a phone"),
        ROW(ERR_OK, PAPER_PNG, 2, 3, PNG_HEAD "\x00\x00\x00\x02\x00\x00\x00\x03" PNG_END),
        ROW(ERR_OK, PAPER_PNG, 10000, 5000, PNG_HEAD "\x00\x00\x27\x10\x00\x00\x13\x88" PNG_END),
        ROW(ERR_PAPER_PIXELS, 0, 0, 0, PNG_HEAD "\x00\x00\x27\x10\x00\x00\x13\x89" PNG_END),
        ROW(ERR_PAPER_PIXELS, 0, 0, 0, PNG_HEAD "\xff\xff\xff\xff\xff\xff\xff\xff" PNG_END),
        ROW(ERR_PAPER_PIXELS, 0, 0, 0, JPEG_HEAD FRAME("\xff\xff", "\xff\xff") SCAN),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0, PNG_HEAD "\x00\x00\x00\x00\x00\x00\x00\x03" PNG_END),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0,
            "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIDAT\x00\x00\x00\x02" PNG_END),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0, "\x89PNG\r\n\x1a\n"),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0,
            PNG_HEAD "\x00\x00\x00\x02\x00\x00\x00\x03\x08\x00\x00\x00\x00"
                     "crc4\xff\xff\xff\xffIDAT"),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0, "\xff\xd8\xff"),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0, "\xff\xd8\xff\xd9"),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0, "\xff\xd8\xff\xe0\x00\x01xx" SCAN),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0, JPEG_HEAD SCAN),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0, JPEG_HEAD FRAME("\x00\x00", "\x00\x01") SCAN),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0, JPEG_HEAD FRAME("\x00\x01", "\x00\x00") SCAN),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0,
            JPEG_HEAD FRAME("\x00\x01", "\x00\x01") FRAME("\xff\xff", "\xff\xff") SCAN),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0,
            JPEG_HEAD FRAME("\x00\x01", "\x00\x01") "\xff\xda\x00\x02"
                                                    "abc"),
        ROW(ERR_PAPER_DAMAGED, 0, 0, 0, "%PDF-1.4 and no end"),
        ROW(ERR_PAPER_KIND, 0, 0, 0, " %PDF-1.4 %%EOF"),
        ROW(ERR_PAPER_KIND, 0, 0, 0, "MZ"),
        ROW(ERR_PAPER_KIND, 0, 0, 0,
            "\x7f"
            "ELF"),
        ROW(ERR_PAPER_KIND, 0, 0, 0, "PK\x03\x04"),
        ROW(ERR_PAPER_KIND, 0, 0, 0, "<html>"),
        ROW(ERR_PAPER_KIND, 0, 0, 0, "\xff\xd8"),
        ROW(ERR_FILE_EMPTY, 0, 0, 0, ""),
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct paper_looks looks = {.kind = 99};
        assert_int_equal(paper_looks(rows[i].bytes, &looks, NULL), rows[i].err);
        assert_int_equal(looks.kind, rows[i].err ? 99 : rows[i].kind);
        assert_int_equal(looks.width, rows[i].width);
        assert_int_equal(looks.height, rows[i].height);
    }
}

/* ---- files ---- */

static struct people_keys ring(unsigned count)
{
    struct people_keys keys = {.count = count, .use = count - 1};
    for (unsigned i = 0; i < count; i++) {
        keys.number[i] = i + 1;
        memset(keys.key[i], (int)(i + 1), SHA256_BYTES);
    }
    return keys;
}

static void sealed_files(void **state)
{
    static const size_t sizes[] = {1, 65535, 65536, 65537, 131072, 1 << 20};
    struct place p = place_open();
    struct people_keys one = ring(1), two = ring(2), newest = {.count = 1, .number = {2}};
    uint8_t name[PAPER_FILE_NAME] = {7};
    (void)state;
    memcpy(newest.key[0], two.key[1], SHA256_BYTES);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf plain = {0}, back = {0};
        for (size_t k = 0; k < sizes[i]; k++)
            buf_uint(&plain, k * 7 + i, 1);
        struct str bytes = {(const char *)plain.p, plain.n};
        name[1] = (uint8_t)i;
        OK(paper_file_put(p.is.files, &one, name, bytes, NULL));
        OK(paper_file_put(p.is.files, &one, name, STR("not again"), NULL));
        OK(paper_file_get(p.is.files, &one, name, &back, NULL));
        assert_int_equal(back.n, plain.n);
        assert_memory_equal(back.p, plain.p, plain.n);
        assert_false(paper_file_stale(p.is.files, &one, name));
        assert_true(paper_file_stale(p.is.files, &two, name));
        OK(paper_file_renew(p.is.files, &two, name, NULL));
        assert_false(paper_file_stale(p.is.files, &two, name));
        buf_clear(&back);
        assert_int_equal(paper_file_get(p.is.files, &one, name, &back, NULL), ERR_STORE_KEY);
        OK(paper_file_get(p.is.files, &newest, name, &back, NULL));
        assert_memory_equal(back.p, plain.p, plain.n);
        buf_release(&plain);
        buf_release(&back);
    }
    assert_int_equal(files(&p), sizeof sizes / sizeof *sizes);
    place_close(&p);
}

static void write_file(const char *path, const uint8_t *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
}

/* Every way of changing one is noticed. */
static void damaged_files(void **state)
{
    struct place p = place_open();
    struct people_keys keys = ring(1);
    uint8_t name[PAPER_FILE_NAME] = {1}, other[PAPER_FILE_NAME] = {2};
    char path[192], elsewhere[192], hex[2 * SHA256_BYTES + 1];
    struct buf sealed = {0}, back = {0};
    (void)state;
    OK(paper_file_put(p.is.files, &keys, name, STR("bytes"), NULL));
    OK(paper_file_put(p.is.files, &keys, other, STR("others"), NULL));
    sha256_hex(name, hex);
    snprintf(path, sizeof path, "%s/%.2s/%s", p.dir, hex, hex + 2);
    sha256_hex(other, hex);
    snprintf(elsewhere, sizeof elsewhere, "%s/%.2s/%s", p.dir, hex, hex + 2);
    OK(file_read(path, 4096, &sealed, NULL));
    assert_null(memmem(sealed.p, sealed.n, "bytes", 5));
    for (size_t i = 0; i < sealed.n; i++) {
        sealed.p[i] ^= 1;
        write_file(path, sealed.p, sealed.n);
        assert_int_not_equal(paper_file_get(p.is.files, &keys, name, &back, NULL), ERR_OK);
        sealed.p[i] ^= 1;
        write_file(path, sealed.p, i);
        assert_int_not_equal(paper_file_get(p.is.files, &keys, name, &back, NULL), ERR_OK);
        assert_int_equal(back.n, 0);
    }
    write_file(path, sealed.p, sealed.n);
    OK(paper_file_get(p.is.files, &keys, name, &back, NULL));
    write_file(elsewhere, sealed.p, sealed.n); /* under another's name */
    assert_int_equal(paper_file_get(p.is.files, &keys, other, &back, NULL), ERR_CODEC);
    buf_uint(&sealed, 0, 1);
    write_file(path, sealed.p, sealed.n);
    assert_int_equal(paper_file_get(p.is.files, &keys, name, &back, NULL), ERR_CODEC);
    assert_int_equal(back.n, 5);
    buf_release(&sealed);
    buf_release(&back);
    place_close(&p);
}

static void holds(void **state)
{
    struct place p = place_open();
    int a, b, alone;
    (void)state;
    assert_true(paper_files_hold(p.is.files, false, &a));
    assert_true(paper_files_hold(p.is.files, false, &b));
    assert_false(paper_files_hold(p.is.files, true, &alone));
    paper_files_let_go(a);
    paper_files_let_go(b);
    assert_true(paper_files_hold(p.is.files, true, &alone));
    assert_false(paper_files_hold(p.is.files, true, &b));
    paper_files_let_go(alone);
    place_close(&p);
}

/* ---- records ---- */

static void equal_bytes_once(void **state)
{
    struct house *h = house_open("2026-03-10");
    struct place p = place_open();
    const struct session a = person(h, 1), b = person(h, 2);
    struct paper first, again, other;
    struct buf bytes = {0};
    (void)state;
    OK(add(h, &p, &a, PAPER("same"), &first));
    OK(add(h, &p, &a, PAPER("same"), &again));
    OK(add(h, &p, &b, PAPER("same"), &other));
    assert_memory_equal(&first.is.id, &again.is.id, PAPER_ID);
    assert_memory_not_equal(&first.is.id, &other.is.id, PAPER_ID);
    assert_int_equal(files(&p), 1);
    uint64_t id;
    OK(file_with(h, &b, PHONE, &other, 1, &id));
    day(h, "2026-03-12");
    sweep(h, &p, 1); /* a's, which no application took */
    assert_int_equal(files(&p), 1);
    OK(registry_refresh(h->f->reg, NULL));
    assert_int_equal(paper_get(h->f->reg, &first.is.id, &again, NULL), ERR_NOT_FOUND);
    OK(paper_for(h->f->reg, &officer, &other.is.id, &again, NULL));
    OK(paper_read(h->f->reg, &p.is, &again, &bytes, NULL));
    assert_int_equal(bytes.n, sizeof PAPER("same") - 1);
    assert_int_equal(sweep_files(h, &p), 0);
    buf_release(&bytes);
    place_close(&p);
    house_close(h);
}

static void taken_once(void **state)
{
    struct house *h = house_open("2026-03-10");
    struct place p = place_open();
    const struct session a = person(h, 1), b = person(h, 2);
    struct paper paper[2], seen;
    uint64_t id;
    (void)state;
    OK(add(h, &p, &a, PAPER("1"), &paper[0]));
    OK(add(h, &p, &b, PAPER("2"), &paper[1]));
    assert_int_equal(file_with(h, &a, PHONE, paper, 2, &id), ERR_PAPER);
    assert_int_equal(paper_for(h->f->reg, &officer, &paper[0].is.id, &seen, NULL), ERR_NOT_FOUND);
    OK(file_with(h, &a, PHONE, paper, 1, &id));
    assert_int_equal(file_with(h, &a, PHONE + 10, paper, 1, &id), ERR_PAPER);
    assert_int_equal(paper_for(h->f->reg, &b, &paper[0].is.id, &seen, NULL), ERR_NOT_FOUND);
    assert_int_equal(paper_for(h->f->reg, &firm, &paper[0].is.id, &seen, NULL), ERR_NOT_FOUND);
    OK(paper_for(h->f->reg, &a, &paper[0].is.id, &seen, NULL));
    assert_int_equal(seen.application, 1);
    struct application now = get(h, 1);
    assert_int_equal(now.paper_count, 1);
    assert_memory_equal(&now.papers[0].id, &paper[0].is.id, PAPER_ID);
    application_release(&now);
    day(h, "2026-03-12");
    sweep(h, &p, 1); /* b's alone */
    assert_int_equal(files(&p), 1);
    place_close(&p);
    house_close(h);
}

static void limits(void **state)
{
    struct house *h = house_open("2026-03-10");
    struct place p = place_open();
    const struct session a = person(h, 1), b = person(h, 2);
    struct paper paper;
    char text[64];
    (void)state;
    for (int i = 0; i < LIMIT_PAPERS_DAY; i++) {
        snprintf(text, sizeof text, "%%PDF-1.4\n%d\n%%%%EOF\n", i);
        OK(add(h, &p, &a, text, &paper));
    }
    assert_int_equal(add(h, &p, &a, PAPER("one more"), &paper), ERR_PAPERS_DAY);
    OK(add(h, &p, &b, PAPER("another's"), &paper));
    day(h, "2026-03-12");
    OK(add(h, &p, &a, PAPER("one more"), &paper));
    sweep(h, &p, LIMIT_PAPERS_DAY + 1);
    assert_int_equal(files(&p), 1);
    p.is.most_bytes = sizeof PAPER("one more") + 3; /* what stands, and three bytes */
    assert_int_equal(add(h, &p, &b, PAPER("full"), &paper), ERR_PAPERS_FULL);
    OK(add(h, &p, &b, PAPER("one more"), &paper)); /* these bytes stand already */
    assert_int_equal(files(&p), 1);
    struct paper_files *open = p.is.files;
    p.is.files = NULL;
    assert_int_equal(add(h, &p, &b, PAPER("x"), &paper), ERR_UNAVAILABLE);
    p.is.files = open;
    place_close(&p);
    house_close(h);
}

static void left_over(void **state)
{
    struct house *h = house_open("2026-03-10");
    struct place p = place_open();
    const struct session a = person(h, 1);
    struct paper paper;
    uint8_t name[PAPER_FILE_NAME] = {3};
    char draft[128];
    size_t n;
    int hold;
    (void)state;
    OK(add(h, &p, &a, PAPER("kept"), &paper));
    OK(paper_file_put(p.is.files, &h->f->reg->keys.people, name, STR("no record"), NULL));
    snprintf(draft, sizeof draft, "%s/03/.new0123456789abcdef", p.dir);
    write_file(draft, (const uint8_t *)"half", 4);
    assert_true(paper_files_hold(p.is.files, false, &hold));
    assert_false(papers_sweep_files(&h->office, &p.is, 3, &n)); /* somebody writes */
    paper_files_let_go(hold);
    assert_int_equal(files(&p), 2);
    assert_int_equal(sweep_files(h, &p), 1);
    assert_int_equal(files(&p), 1);
    assert_int_not_equal(access(draft, F_OK), 0);
    place_close(&p);
    house_close(h);
}

/* ---- messages ---- */

static unsigned sent;
static uint64_t last_number;
static enum err send_says = ERR_OK;

static bool port_begin(void *ctx, int *out_hold)
{
    *out_hold = 0;
    return ctx == NULL;
}

static void port_end(void *ctx, int hold)
{
    (void)ctx;
    (void)hold;
}

static enum err port_send(void *ctx, uint64_t number, struct str letter, struct fault *fault)
{
    (void)ctx;
    (void)letter;
    (void)fault;
    if (send_says)
        return send_says;
    assert_true(number > last_number);
    last_number = number;
    sent++;
    return ERR_OK;
}

static enum err render(const struct message *m, const struct person *to, struct buf *out)
{
    assert_true(*to->iin);
    buf_printf(out, "%s %s", message_name(m->code), m->language);
    return ERR_OK;
}

static enum err render_code(const struct code *c, const char *secret, uint64_t number,
                            struct buf *out)
{
    (void)number;
    buf_printf(out, "%s %s", c->msisdn, secret);
    return ERR_OK;
}

static const struct outbox_words words = {render, render_code};
static const struct outbox_port port = {port_begin, port_end, port_send, NULL};

static void expect(struct house *h, const struct session *who, const char *code, size_t unread)
{
    uint64_t numbers[16];
    size_t n, count;
    struct message m;
    OK(registry_refresh(h->f->reg, NULL));
    OK(message_list(h->f->reg, who->acts_for, 0, numbers, 16, &n, NULL));
    assert_true(n > 0);
    OK(message_get(h->f->reg, who->acts_for, numbers[0], &m, NULL));
    assert_string_equal(message_name(m.code), code);
    OK(message_count_unread(h->f->reg, who->acts_for, &count, NULL));
    assert_int_equal(count, unread);
}

static void told(void **state)
{
    struct house *h = house_open("2026-03-10");
    const struct session a = person(h, 1), b = person(h, 2);
    struct application now;
    size_t n;
    bool away;
    (void)state;
    sent = 0;
    last_number = 0;
    h->border = ASKED_NO;
    uint64_t id = file(h, &a, APPROVAL_PERSONAL, PHONE);
    expect(h, &a, "filed", 1);
    OK(settle(h, id, &away));
    expect(h, &a, "filed", 1); /* findings are for the officer */
    OK(desk_claim(&h->office, &officer, id, &now, NULL));
    application_release(&now);
    OK(desk_ask(&h->office, &officer, id, STR("ticket"), &now, NULL));
    application_release(&now);
    expect(h, &a, "papers_asked", 2);
    OK(filing_answer(&h->office, &a, id, STR("here"), &now, NULL));
    application_release(&now);
    decide(h, &officer, id, false);
    expect(h, &a, "refused", 3);
    OK(registry_refresh(h->f->reg, NULL));
    OK(filing_appeal(&h->office, &a, id, STR("why"), &now, NULL));
    application_release(&now);
    expect(h, &a, "refused", 3);
    decide(h, &officer2, id, true);
    expect(h, &a, "appeal_approved", 4);
    h->border = ASKED_YES;
    id = file(h, &b, APPROVAL_PERSONAL, PHONE + 10);
    OK(settle(h, id, &away));
    expect(h, &b, "approved", 2);
    id = file(h, &b, APPROVAL_PERSONAL, PHONE + 20);
    OK(filing_withdraw(&h->office, &b, id, &now, NULL));
    application_release(&now);
    expect(h, &b, "filed", 3); /* what he did himself he knows */
    OK(message_read(&h->office, 2, last_number + 5, NULL));
    assert_int_equal(message_read(&h->office, 2, 1, NULL), ERR_NOT_FOUND); /* a's */

    send_says = ERR_FILE_WRITE;
    assert_int_equal(outbox_run(&h->office, &port, &words, &n, NULL), ERR_FILE_WRITE);
    send_says = ERR_OK;
    OK(outbox_run(&h->office, &port, &words, &n, NULL));
    assert_int_equal(n, 7);
    OK(registry_refresh(h->f->reg, NULL));
    OK(outbox_run(&h->office, &port, &words, &n, NULL));
    assert_int_equal(n, 0);
    assert_int_equal(sent, 7);
    house_close(h);
}

static void closed_and_forgotten(void **state)
{
    struct house *h = house_open("2026-03-10");
    const struct session a = person(h, 1);
    struct application now;
    size_t n;
    (void)state;
    sent = 0;
    last_number = 0;
    uint64_t id = file(h, &a, APPROVAL_BEFORE_DUTY, PHONE);
    OK(desk_claim(&h->office, &officer, id, &now, NULL));
    application_release(&now);
    OK(desk_ask(&h->office, &officer, id, STR("receipt"), &now, NULL));
    application_release(&now);
    OK(outbox_forget(&h->office, NULL)); /* young ones wait for a way out */
    day(h, "2026-04-20");
    OK(desk_close_unanswered(&h->office, &n, NULL));
    assert_int_equal(n, 1);
    expect(h, &a, "closed", 3);
    OK(registry_refresh(h->f->reg, NULL));
    OK(outbox_forget(&h->office, NULL)); /* the two of March */
    OK(registry_refresh(h->f->reg, NULL));
    OK(outbox_run(&h->office, &port, &words, &n, NULL));
    assert_int_equal(n, 1);
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_decide),
        cmocka_unit_test(sealed_files),
        cmocka_unit_test(damaged_files),
        cmocka_unit_test(holds),
        cmocka_unit_test(equal_bytes_once),
        cmocka_unit_test(taken_once),
        cmocka_unit_test(limits),
        cmocka_unit_test(left_over),
        cmocka_unit_test(told),
        cmocka_unit_test(closed_and_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
