/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_index_file - an index file of any bytes: a small true file, changed, then hashed and signed as the register
 * would, so that all of adopt.c is reached. The first byte says which file (bits 2 and 3) and which gates stay shut
 * (bit 0: the header is not signed, bit 1: the hashes are zeros). Then come edits of EDIT bytes: what, the
 * section (0 is the header) and whether `at` counts all words or those that are not zero, at 2 bytes, value 4,
 * little-endian. What was taken is read through and written to.
 *
 * Built with FUZZ_DENSE it has one file with a dense box, half a megabyte: slow, so a target of its own. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz/cheap_sign.h"
#include "index/index_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef FUZZ_DENSE
enum { FILES = 1 };
#else
enum { FILES = 3 };
#endif
enum { EDIT = 8, EDITS_MAX = 64, LIVE = 0x80, SLACK = 4096, UNSIGNED = 1, UNHASHED = 2 };
static const uint8_t id[16] = "sixteen bytes id";
static const uint8_t public_key[32] = {1};

/* Bytes of what is added to or taken from a section. */
static const uint8_t unit[SECTION_COUNT] = {
    [SECTION_RULES] = 1, [SECTION_TAC] = 1,    [SECTION_CODES] = 32, [SECTION_VERDICTS] = 8,
    [SECTION_ODD] = 16,  [SECTION_PAIRS] = 16, [SECTION_LINES] = 64,
};

struct draft {
    uint8_t header[INDEX_FILE_HEADER];
    uint8_t *p[SECTION_COUNT];
    size_t n[SECTION_COUNT], room[SECTION_COUNT];
};

/* A true file, and the words of its lines that are not zero. */
struct model {
    struct draft draft;
    uint16_t *live;
    size_t live_count;
};

/* The same seeds in every run, so that what was found is found again. */
static void same_bytes(void *const to, const size_t n)
{
    memset(to, 0x5a, n);
}

static const char *same_name(void)
{
    return "the same";
}

static uint32_t same_number(void)
{
    return 0x5a5a5a5a;
}

/* ---- true files ---- */

static struct imei imei_of(unsigned tac, uint32_t serial)
{
    return (struct imei){(35824005ULL + tac) * 1000000 + serial};
}

static struct verdict verdict_of(uint32_t i)
{
    struct verdict v = {.reason = REASON_UNVERIFIED, .next_reason = REASON_EXPIRED};
    v.deadline = v.valid_through = DAYNUM_FIRST + 9000 + (daynum)(i % 300);
    return v;
}

static void put(struct index *ix, struct imei imei, uint32_t i)
{
    struct verdict v = verdict_of(i);
    struct pair pair = {.imei = imei, .subscriber = i};
    if (index_put(ix, imei, &v) || (i % 100 == 3 && index_put_pair(ix, &pair)))
        abort();
}

/* One whose verdict has no number. */
static void put_odd(struct index *ix, struct imei imei)
{
    struct verdict v = verdict_of(299);
    if (index_put_odd(ix, imei, verdict_pack(&v)) ||
        boxes_put(index_boxes(ix), imei.body, NUMBER_ODD))
        abort();
}

static void fill(struct index *ix, unsigned file)
{
#ifdef FUZZ_DENSE
    for (uint32_t i = 0; i < 180000; i++)
        put(ix, imei_of(0, i * 3), i % 5000 ? 1 : i);
#else
    static const uint32_t known[FILES][4] = {{3, 1, 0, 0}, {40, 600, 2, 0}, {500, 17, 30, 1200}};
    for (unsigned tac = 0; tac < 4; tac++)
        for (uint32_t i = 0; i < known[file][tac]; i++)
            put(ix, imei_of(tac, i * 7), i % 5 ? 1 : i);
#endif
    put_odd(ix, imei_of(0, 7));
    put_odd(ix, imei_of(file, 999999));
}

static void write_true(unsigned file, struct buf *out)
{
    struct index *ix;
    struct index_image *image;
    struct index_keys keys;
    const uint8_t seed[32] = {1};
    char path[] = "/tmp/fuzz-index.XXXXXX";
    struct index_file with = {id, STR("x=1\n"), STR("tac")};
    int fd = mkstemp(path);
    crypto_sign_seed_keypair(keys.public_key, keys.secret_key, seed);
    if (fd < 0 || index_new(&ix))
        abort();
    fill(ix, file);
    index_set_state(ix, &(struct index_state){.next_seq = 9, .gate = {DAYNUM_NONE, DAYNUM_NONE}});
    if (index_image_new(ix, &image) || index_image_write(image, path, &with, &keys, NULL) ||
        file_read(path, 1 << 22, out, NULL))
        abort();
    close(fd);
    unlink(path);
    index_image_free(image);
    index_free(ix);
}

static void *room_for(size_t n)
{
    void *p = calloc(1, n);
    if (!p)
        abort();
    return p;
}

static void find_live(struct model *m)
{
    const uint8_t *lines = m->draft.p[SECTION_LINES];
    size_t words = m->draft.n[SECTION_LINES] / 8;
    words = words < UINT16_MAX ? words : UINT16_MAX;
    m->live = room_for(words * sizeof *m->live);
    for (size_t i = 0; i < words; i++)
        if (get_le(lines + 8 * i, 8))
            m->live[m->live_count++] = (uint16_t)i;
}

static void make_model(struct model *m, unsigned file)
{
    struct buf bytes = {0};
    struct index_header header;
    struct index_layout layout;
    write_true(file, &bytes);
    memcpy(m->draft.header, bytes.p, INDEX_FILE_HEADER);
    index_header_decode(bytes.p, &header);
    if (!index_file_layout(&header, &layout) || layout.end != bytes.n)
        abort();
    for (int i = SECTION_RULES; i < SECTION_COUNT; i++) {
        m->draft.n[i] = header.bytes[i];
        m->draft.room[i] = header.bytes[i] + SLACK;
        m->draft.p[i] = room_for(m->draft.room[i]);
        memcpy(m->draft.p[i], bytes.p + layout.at[i], header.bytes[i]);
    }
    buf_release(&bytes);
    find_live(m);
}

/* ---- edits ---- */

/* By so many units, at the end; the header follows. */
static void resize(struct draft *d, unsigned section, int units)
{
    size_t n = d->n[section], by = (size_t)abs(units) * unit[section];
    if (units < 0)
        by = by < n ? by : n;
    else if (by > d->room[section] - n)
        return;
    else
        memset(d->p[section] + n, 0, by);
    d->n[section] = units < 0 ? n - by : n + by;
    put_le(d->header + INDEX_AT_BYTES + 8 * (section - 1), d->n[section], 8);
}

/* A unit more or less, in the midst. */
static void shift(struct draft *d, unsigned section, size_t at, bool more)
{
    size_t size = unit[section], n = d->n[section];
    if (!section || n < size)
        return;
    at = at % (n / size) * size;
    if (!more) {
        memmove(d->p[section] + at, d->p[section] + at + size, n - at - size);
        resize(d, section, -1);
    } else if (d->room[section] - n >= size) {
        resize(d, section, 1);
        memmove(d->p[section] + at + size, d->p[section] + at, n - at);
    }
}

static void change_word(uint8_t *p, size_t words, uint8_t what, size_t at, uint32_t value)
{
    uint64_t word = get_le(p + 8 * at, 8);
    switch (what % 6) {
    case 0:
        word ^= 1ULL << value % 64;
        break;
    case 1:
        word = value;
        break;
    case 2:
        word += (uint64_t)(int64_t)(int32_t)value;
        break;
    case 3:
        word += (uint64_t)(value & 0xffff) << (value >> 16) % 64;
        break;
    case 4:
        word = get_le(p + 8 * (value % words), 8);
        break;
    default:
        word = value & 1 ? 0 : UINT64_MAX;
        break;
    }
    put_le(p + 8 * at, word, 8);
}

static void edit(struct draft *d, const struct model *m, const uint8_t e[EDIT])
{
    unsigned section = e[1] % SECTION_COUNT;
    size_t at = get_le(e + 2, 2);
    uint32_t value = (uint32_t)get_le(e + 4, 4);
    uint8_t *p = section ? d->p[section] : d->header;
    size_t n = section ? d->n[section] : INDEX_FILE_HEADER, words = n / 8;
    if (section == SECTION_LINES && (e[1] & LIVE) && m->live_count)
        at = m->live[at % m->live_count];
    if (e[0] % 16 == 6 && section) {
        resize(d, section, (int8_t)value);
    } else if (e[0] % 16 == 7) {
        shift(d, section, at / 8, value & 1);
    } else if (e[0] % 16 == 8 && section == SECTION_LINES && n >= 64) {
        memcpy(p + at / 8 % (n / 64) * 64, d->p[section] + value % (n / 64) * 64, 64);
    } else if (e[0] % 16 == 9 && n) {
        p[at % n] += (uint8_t)value;
    } else if (words) {
        change_word(p, words, e[0], at % words, value);
    }
}

/* ---- the file ---- */

static void hash_lists(const struct draft *d, uint8_t *list)
{
    static struct sha256 *h;
    if (!h && !(h = sha256_new()))
        abort();
    for (int i = SECTION_LISTS + 1; i < SECTION_COUNT; i++) {
        for (size_t at = 0; at < d->n[i]; at += INDEX_FILE_PART, list += SHA256_BYTES) {
            size_t left = d->n[i] - at;
            sha256_begin(h);
            sha256_add(h, d->p[i] + at, left < INDEX_FILE_PART ? left : INDEX_FILE_PART);
            sha256_end(h, list);
        }
    }
}

/* Of malloc, so that nothing can be read behind its end. */
static uint8_t *assemble(struct draft *d, uint8_t gates, size_t *out_n)
{
    struct index_header header = {0};
    struct index_layout layout;
    for (int i = SECTION_LISTS + 1; i < SECTION_COUNT; i++)
        header.bytes[i] = d->n[i];
    if (!index_file_layout(&header, &layout))
        abort();
    uint8_t *p = room_for(layout.end);
    for (int i = SECTION_LISTS + 1; i < SECTION_COUNT; i++)
        memcpy(p + layout.at[i], d->p[i], d->n[i]);
    if (!(gates & UNHASHED)) {
        hash_lists(d, p + layout.at[SECTION_LISTS]);
        sha256_once(p + layout.at[SECTION_LISTS], header.bytes[SECTION_LISTS],
                    d->header + INDEX_AT_LISTS);
    }
    memcpy(p, d->header, INDEX_FILE_HEADER);
    if (!(gates & UNSIGNED))
        cheap_sign(p + INDEX_FILE_HEADER, p, INDEX_FILE_HEADER, public_key);
    *out_n = layout.end;
    return p;
}

/* ---- what was taken ---- */

struct seen {
    const struct index *ix;
    uint64_t n;
};

static bool see(void *ctx, struct imei imei, const struct verdict *verdict)
{
    struct seen *seen = ctx;
    struct verdict v;
    assert(imei.body < IMEI_BODIES && dictionary_is_packed(verdict_pack(verdict)));
    if (seen->n++ % 16 == 0 && index_find(seen->ix, imei, &v))
        assert(dictionary_is_packed(verdict_pack(&v)));
    return seen->n < 3000;
}

/* Reads are in bounds and end; what is written is read. */
static void use(struct index_loaded *got)
{
    struct index *ix = got->index;
    struct seen seen = {.ix = ix};
    struct verdict v, there;
    index_iterate(ix, see, &seen);
    for (uint32_t i = 0; i < 40; i++) {
        struct imei imei = imei_of(i % 5, i % 3 ? i * 7 : i * 4099);
        (void)index_is_paired(ix, imei, i);
        v = verdict_of(i * 7);
        if (index_put(ix, imei, &v) == ERR_OK)
            assert(index_find(ix, imei, &there) && verdict_equal(&there, &v));
    }
    struct pair pair = {.imei = imei_of(0, 21), .subscriber = 3};
    if (index_put_pair(ix, &pair) == ERR_OK)
        assert(index_is_paired(ix, pair.imei, 3));
    index_loaded_release(got);
}

static struct model *model_of(unsigned file)
{
    static struct model models[FILES];
    static randombytes_implementation same = {
        .implementation_name = same_name, .random = same_number, .buf = same_bytes};
    if (!models[file].draft.p[SECTION_LINES]) {
        randombytes_set_implementation(&same);
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* two megabytes of zeros an input otherwise */
        make_model(&models[file], file);
    }
    return &models[file];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct draft d; /* its sections are as large as they were ever wanted */
    if (size < 1)
        return 0;
    const struct model *m = model_of((data[0] >> 2 & 3) % FILES);
    memcpy(d.header, m->draft.header, sizeof d.header);
    for (int i = SECTION_RULES; i < SECTION_COUNT; i++) {
        if (d.room[i] < m->draft.room[i]) {
            free(d.p[i]);
            d.p[i] = room_for(m->draft.room[i]);
            d.room[i] = m->draft.room[i];
        }
        d.n[i] = m->draft.n[i];
        memcpy(d.p[i], m->draft.p[i], d.n[i]);
    }
    for (size_t at = 1, n = 0; at + EDIT <= size && n < EDITS_MAX; at += EDIT, n++)
        edit(&d, m, data + at);
    size_t n;
    uint8_t *p = assemble(&d, data[0], &n);
    struct index_want want = {id, public_key, 1, NULL, false};
    struct index_loaded got;
    struct fault fault;
    enum err err = index_file_decode((struct str){(const char *)p, n}, &want, &got, &fault);
    assert(size > EDIT || !err == !(data[0] & (UNSIGNED | UNHASHED))); /* a true file */
    if (!err)
        use(&got);
    free(p);
    return 0;
}
