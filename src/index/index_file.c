/* SPDX-License-Identifier: Apache-2.0
 *
 * index_file - reading: what a node accepts as the register's word.
 *
 * Order of trust: the form of the header (so that the message is clear), then its signature, then
 * the lists of hashes against the signed header, then every part of every section against the
 * lists, and only then what the sections say (adopt.c). Padding is zero and the length exact, so no
 * byte of the file is free.
 *
 * Parts are read to where they will stay and hashed there, so what was checked is what is used,
 * whatever happens to the file meanwhile; the lines come to stand in huge pages, as a mapping of the
 * file could not. A few threads share the parts. */
#include "index/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

/* The bytes of a file: in memory, or fd. */
struct source {
    const uint8_t *p;
    int fd;
    uint64_t n;
};

struct loading {
    struct source source;
    struct index_header header;
    struct index_layout layout;
    uint8_t *to[SECTION_COUNT]; /* where sections go */
    struct index_loaded loaded;
    struct codes *codes;
    uint64_t *verdicts;
    struct record *odd, *pairs;
    _Atomic uint64_t next;   /* part */
    _Atomic uint64_t broken; /* the first part that is not as its hash; parts: none */
    _Atomic int err;
};

static bool is_zero(const uint8_t *p, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

static bool read_at(const struct source *source, uint64_t at, void *to, uint64_t n)
{
    if (source->fd < 0) {
        if (n)
            memcpy(to, source->p + at, n);
        return true;
    }
    uint8_t *p = to;
    while (n > 0) {
        ssize_t done = pread(source->fd, p, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        at += (uint64_t)done;
        n -= (uint64_t)done;
    }
    return true;
}

/* ---- the header ---- */

static enum err check_form(const uint8_t *p, uint64_t n, struct fault *fault)
{
    uint32_t order;
    if (n < INDEX_FILE_START)
        return fault_set(fault, ERR_SNAPSHOT, "truncated: %" PRIu64 " bytes", n);
    memcpy(&order, p + INDEX_AT_ORDER, sizeof order);
    if (memcmp(p, INDEX_FILE_MAGIC, 4) != 0)
        return fault_set(fault, ERR_SNAPSHOT, "not an index file");
    const uint64_t version = get_le(p + INDEX_AT_VERSION, 4);
    if (version != INDEX_FILE_VERSION && version != INDEX_FILE_PART_VERSION)
        return fault_set(fault, ERR_SNAPSHOT,
                         "version %" PRIu64 " is not known here, want %d or %d", version,
                         INDEX_FILE_VERSION, INDEX_FILE_PART_VERSION);
    if (order != INDEX_FILE_ORDER)
        return fault_set(fault, ERR_SNAPSHOT, "written by a machine of another byte order");
    return ERR_OK;
}

/* From where on the header has to be zero. */
static size_t header_end(const uint8_t *p)
{
    uint64_t ranges = get_le(p + INDEX_AT_RANGE_COUNT, 4);
    if (get_le(p + INDEX_AT_VERSION, 4) != INDEX_FILE_PART_VERSION)
        return INDEX_AT_ZERO;
    return INDEX_AT_RANGES + 8 * (size_t)(ranges < LIMIT_TAC_RANGES ? ranges : LIMIT_TAC_RANGES);
}

static enum err check_header(const uint8_t *p, const struct index_want *want, struct fault *fault)
{
    uint64_t next_seq = get_le(p + INDEX_AT_NEXT_SEQ, 8);
    const size_t end = header_end(p);
    if (memcmp(p + INDEX_AT_ID, want->register_id, INDEX_FILE_ID) != 0)
        return fault_set(fault, ERR_SNAPSHOT, "of another register");
    if (crypto_sign_verify_detached(p + INDEX_FILE_HEADER, p, INDEX_FILE_HEADER,
                                    want->public_key) != 0)
        return fault_set(fault, ERR_SNAPSHOT,
                         "signature does not fit: changed, unsigned or signed by another key");
    if (!is_zero(p + end, INDEX_FILE_HEADER - end) || !is_zero(p + INDEX_AT_ORDER + 4, 4) ||
        !is_zero(p + INDEX_AT_TACS + 4, 4) ||
        (end > INDEX_AT_ZERO && !is_zero(p + INDEX_AT_RANGE_COUNT + 4, 4)))
        return fault_set(fault, ERR_SNAPSHOT, "header holds what this version does not know");
    if (next_seq < want->at_least)
        return fault_set(fault, ERR_SNAPSHOT,
                         "older than what is known: stands at %" PRIu64 ", want %" PRIu64, next_seq,
                         want->at_least);
    return ERR_OK;
}

static enum err check_ranges(const struct index_header *h, bool part, const struct index_want *want,
                             struct fault *fault)
{
    static const struct tac_ranges all;
    char text[TAC_RANGES_TEXT];
    if (part &&
        (h->tacs.count == 0 || !tac_ranges_are_right(&h->tacs) || tac_ranges_are_all(&h->tacs)))
        return fault_set(fault, ERR_SNAPSHOT, "signed, and no ranges of TACs");
    if (want->any_part || tac_ranges_cover(&h->tacs, want->tacs ? want->tacs : &all))
        return ERR_OK;
    tac_ranges_format(&h->tacs, text);
    return fault_set(fault, ERR_SNAPSHOT_LESS, "it holds TAC %.*s%s, which is less than is wanted",
                     FAULT_DETAIL_MAX / 2, text, strlen(text) > FAULT_DETAIL_MAX / 2 ? "..." : "");
}

static bool day_or_none(daynum day)
{
    return daynum_is_day(day) || day == DAYNUM_NONE;
}

/* What the header says, as far as it can be seen without the rest. Fills what follows from it. */
static enum err check_numbers(struct loading *l, struct fault *fault)
{
    struct index_header *h = &l->header;
    const uint64_t *bytes = h->bytes;
    if (h->state.next_seq == 0 || h->entry.seq >= h->state.next_seq ||
        !day_or_none(h->state.gate.expire_through) || !day_or_none(h->state.gate.swept_through) ||
        !day_or_none(h->entry.effective))
        return fault_set(fault, ERR_SNAPSHOT, "stands where no register stands");
    if (bytes[SECTION_RULES] > LIMIT_RULES_TEXT || bytes[SECTION_TAC] > LIMIT_TAC_LIST ||
        bytes[SECTION_CODES] % sizeof(struct codes) ||
        bytes[SECTION_CODES] > CODE_TABLES * sizeof(struct codes) || bytes[SECTION_VERDICTS] % 8 ||
        bytes[SECTION_VERDICTS] > 8ULL << NUMBER_BITS || bytes[SECTION_ODD] % INDEX_FILE_RECORD ||
        bytes[SECTION_PAIRS] % INDEX_FILE_RECORD || bytes[SECTION_LINES] % LINE_BYTES ||
        bytes[SECTION_LINES] / LINE_BYTES >= ARENA_LINES_MAX || !index_file_layout(h, &l->layout))
        return fault_set(fault, ERR_SNAPSHOT, "sizes that no register has");
    h->shape.top = (uint32_t)(bytes[SECTION_LINES] / LINE_BYTES) + 1;
    h->shape.codes_count = (uint32_t)(bytes[SECTION_CODES] / sizeof(struct codes));
    h->shape.verdict_count = (uint32_t)(bytes[SECTION_VERDICTS] / 8);
    if (l->source.n != l->layout.end)
        return fault_set(fault, ERR_SNAPSHOT, "%s: %" PRIu64 " bytes, want %" PRIu64,
                         l->source.n < l->layout.end ? "truncated" : "longer than signed",
                         l->source.n, l->layout.end);
    return ERR_OK;
}

/* ---- the sections ---- */

static enum err make_room(struct loading *l, struct fault *fault)
{
    const uint64_t *bytes = l->header.bytes;
    enum err err = index_new(&l->loaded.index);
    if (err)
        return err;
    struct boxes *b = index_boxes(l->loaded.index);
    index_set_tacs(l->loaded.index, &l->header.tacs);
    l->to[SECTION_LISTS] = malloc(bytes[SECTION_LISTS] + 1);
    l->codes = malloc(bytes[SECTION_CODES] + 1);
    l->verdicts = malloc(bytes[SECTION_VERDICTS] + 8);
    l->odd = malloc(bytes[SECTION_ODD] + 1);
    l->pairs = malloc(bytes[SECTION_PAIRS] + 1);
    if (!l->to[SECTION_LISTS] || !l->codes || !l->verdicts || !l->odd || !l->pairs ||
        !buf_reserve(&l->loaded.rules, bytes[SECTION_RULES] + 1) ||
        !buf_reserve(&l->loaded.tac, bytes[SECTION_TAC] + 1))
        return ERR_MEMORY;
    err = boxes_make_room(b, &l->header.shape);
    if (err == ERR_SNAPSHOT)
        return fault_set(fault, err, "sizes that no register has");
    l->loaded.rules.n = bytes[SECTION_RULES];
    l->loaded.tac.n = bytes[SECTION_TAC];
    l->to[SECTION_RULES] = l->loaded.rules.p;
    l->to[SECTION_TAC] = l->loaded.tac.p;
    l->to[SECTION_CODES] = (uint8_t *)l->codes;
    l->to[SECTION_VERDICTS] = (uint8_t *)l->verdicts;
    l->to[SECTION_ODD] = (uint8_t *)l->odd;
    l->to[SECTION_PAIRS] = (uint8_t *)l->pairs;
    l->to[SECTION_LINES] = arena_line(&b->arena, 1);
    return err;
}

static enum err damaged(uint64_t at, struct fault *fault)
{
    return fault_set(fault, ERR_SNAPSHOT, "damaged: what stands at byte %" PRIu64 " was changed",
                     at);
}

/* Between the sections; and the lists. */
static enum err check_lists(struct loading *l, struct fault *fault)
{
    uint64_t before = INDEX_FILE_START, n = l->header.bytes[SECTION_LISTS];
    for (int i = 0; i < SECTION_COUNT; i++) {
        uint8_t padding[INDEX_FILE_PAGE];
        if (!read_at(&l->source, before, padding, l->layout.at[i] - before))
            return ERR_FILE_READ;
        if (!is_zero(padding, l->layout.at[i] - before))
            return damaged(before, fault);
        before = l->layout.at[i] + l->header.bytes[i];
    }
    uint8_t hash[SHA256_BYTES];
    if (!read_at(&l->source, l->layout.at[SECTION_LISTS], l->to[SECTION_LISTS], n))
        return ERR_FILE_READ;
    sha256_once(l->to[SECTION_LISTS], n, hash);
    if (memcmp(hash, l->header.lists, sizeof hash) != 0)
        return damaged(l->layout.at[SECTION_LISTS], fault);
    return ERR_OK;
}

/* Section and offset in it of a part. */
static int find_part(const struct loading *l, uint64_t part, uint64_t *out_at)
{
    int i = SECTION_COUNT - 1;
    while (l->layout.part[i] > part || l->header.bytes[i] == 0)
        i--;
    *out_at = (part - l->layout.part[i]) * INDEX_FILE_PART;
    return i;
}

static void load_part(struct loading *l, struct sha256 *h, uint64_t part)
{
    uint64_t at, n;
    uint8_t hash[SHA256_BYTES];
    int i = find_part(l, part, &at);
    n = l->header.bytes[i] - at;
    n = n < INDEX_FILE_PART ? n : INDEX_FILE_PART;
    if (!read_at(&l->source, l->layout.at[i] + at, l->to[i] + at, n)) {
        atomic_store(&l->err, ERR_FILE_READ);
        return;
    }
    sha256_begin(h);
    sha256_add(h, l->to[i] + at, n);
    sha256_end(h, hash);
    if (memcmp(hash, l->to[SECTION_LISTS] + part * SHA256_BYTES, sizeof hash) == 0)
        return;
    uint64_t broken = atomic_load(&l->broken);
    while (part < broken && !atomic_compare_exchange_weak(&l->broken, &broken, part))
        ;
}

static void *load_some(void *ctx)
{
    struct loading *l = ctx;
    struct sha256 *h = sha256_new();
    if (!h) {
        atomic_store(&l->err, ERR_MEMORY);
        return NULL;
    }
    for (;;) {
        uint64_t part = atomic_fetch_add(&l->next, 1);
        if (part >= l->layout.parts || atomic_load(&l->err))
            break;
        load_part(l, h, part);
    }
    sha256_free(h);
    return NULL;
}

static enum err load_parts(struct loading *l, struct fault *fault)
{
    uint64_t at;
    atomic_store(&l->broken, l->layout.parts);
    /* Those of the lines: the others are done at once. */
    index_share(load_some, l, index_parts(l->header.bytes[SECTION_LINES]));
    uint64_t broken = atomic_load(&l->broken);
    if (atomic_load(&l->err))
        return (enum err)atomic_load(&l->err);
    if (broken == l->layout.parts)
        return ERR_OK;
    int i = find_part(l, broken, &at);
    return damaged(l->layout.at[i] + at, fault);
}

/* ---- what they say ---- */

static enum err load_odd(const struct loading *l, struct fault *fault)
{
    uint64_t n = l->header.bytes[SECTION_ODD] / INDEX_FILE_RECORD;
    for (uint64_t i = 0; i < n; i++) {
        struct record r = l->odd[i];
        if (r.key >= IMEI_BODIES || (i && r.key <= l->odd[i - 1].key) ||
            !dictionary_is_packed(r.value))
            return fault_set(fault, ERR_SNAPSHOT, "odd verdict %" PRIu64 " is none", i);
        enum err err = index_put_odd(l->loaded.index, (struct imei){r.key}, r.value);
        if (err)
            return err;
    }
    return ERR_OK;
}

static enum err load_pairs(const struct loading *l, struct fault *fault)
{
    uint64_t n = l->header.bytes[SECTION_PAIRS] / INDEX_FILE_RECORD;
    enum err err = index_reserve(l->loaded.index, 0, n);
    for (uint64_t i = 0; !err && i < n; i++) {
        struct record r = l->pairs[i], last = i ? l->pairs[i - 1] : (struct record){0};
        struct pair pair = {.imei = {r.key}, .subscriber = r.value};
        bool ascends = !i || r.key > last.key || (r.key == last.key && r.value > last.value);
        if (r.key >= IMEI_BODIES || !ascends)
            return fault_set(fault, ERR_SNAPSHOT, "pair %" PRIu64 " is none", i);
        err = index_put_pair(l->loaded.index, &pair);
    }
    return err;
}

static enum err adopt(struct loading *l, struct fault *fault)
{
    struct index *index = l->loaded.index;
    struct boxes_parts parts = {l->codes, l->verdicts, index};
    enum err err = load_odd(l, fault);
    if (!err)
        err = boxes_adopt(index_boxes(index), &l->header.shape, &parts, fault);
    if (!err)
        err = load_pairs(l, fault);
    if (err)
        return err;
    *index_entry(index) = l->header.entry;
    index_set_state(index, &l->header.state);
    return ERR_OK;
}

static enum err load(struct loading *l, const struct index_want *want, struct fault *fault)
{
    uint8_t start[INDEX_FILE_START];
    uint64_t n = l->source.n < sizeof start ? l->source.n : sizeof start;
    enum err err = read_at(&l->source, 0, start, n) ? ERR_OK : ERR_FILE_READ;
    if (!err)
        err = check_form(start, n, fault);
    if (!err)
        err = check_header(start, want, fault);
    if (err)
        return err;
    index_header_decode(start, &l->header);
    err = check_ranges(&l->header, get_le(start + INDEX_AT_VERSION, 4) == INDEX_FILE_PART_VERSION,
                       want, fault);
    if (!err)
        err = check_numbers(l, fault);
    if (!err)
        err = make_room(l, fault);
    if (!err)
        err = check_lists(l, fault);
    if (!err)
        err = load_parts(l, fault);
    return err ? err : adopt(l, fault);
}

static enum err load_from(struct source source, const struct index_want *want,
                          struct index_loaded *out, struct fault *fault)
{
    struct loading *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_MEMORY;
    l->source = source;
    enum err err = load(l, want, fault);
    if (err)
        index_loaded_release(&l->loaded);
    else
        *out = l->loaded;
    free(l->to[SECTION_LISTS]);
    free(l->codes);
    free(l->verdicts);
    free(l->odd);
    free(l->pairs);
    free(l);
    return err;
}

void index_loaded_release(struct index_loaded *loaded)
{
    index_free(loaded->index);
    buf_release(&loaded->rules);
    buf_release(&loaded->tac);
    *loaded = (struct index_loaded){0};
}

enum err index_file_decode(struct str bytes, const struct index_want *want,
                           struct index_loaded *out, struct fault *fault)
{
    return load_from((struct source){(const uint8_t *)bytes.p, -1, bytes.n}, want, out, fault);
}

enum err index_file_read(const char *path, const struct index_want *want, struct index_loaded *out,
                         struct fault *fault)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %m", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return fault_set(fault, ERR_FILE_KIND, "%s: not a file", path);
    }
    enum err err = load_from((struct source){NULL, fd, (uint64_t)st.st_size}, want, out, fault);
    if (err == ERR_FILE_READ)
        err = fault_set(fault, err, "%s cannot be read", path);
    if (err && fault)
        str_copy(fault->file, sizeof fault->file, str_z(path));
    close(fd);
    return err;
}
