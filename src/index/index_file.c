/* SPDX-License-Identifier: Apache-2.0
 *
 * index_file - reading: what a node accepts as the register's word.
 *
 * Order of trust: the form of the header (so that the message is clear), then its signature, then
 * each section against its hash in the signed header, and only then what the sections say. Padding
 * is zero and the length exact, so no byte of the file is free. Even signed bytes are not
 * believed blindly: cells ascend and decode, or the file is refused.
 *
 * The file is mapped and read once. It is only ever replaced by rename, never written in
 * place, so a mapping does not change under a reader. */
#include "index/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "index/writer.h"

/* No register has more; keeps sums of section sizes far from 2^64. */
#define COUNT_MAX (1ULL << 40)

static uint64_t align(uint64_t at)
{
    return (at + INDEX_FILE_ALIGN - 1) / INDEX_FILE_ALIGN * INDEX_FILE_ALIGN;
}

bool index_file_layout(uint64_t rules_bytes, uint64_t cells, uint64_t pairs,
                       struct index_layout *out)
{
    if (rules_bytes > LIMIT_RULES_TEXT || cells > COUNT_MAX || pairs > COUNT_MAX)
        return false;
    out->bytes[SECTION_RULES] = rules_bytes;
    out->bytes[SECTION_CELLS] = cells * INDEX_FILE_CELL;
    out->bytes[SECTION_PAIRS] = pairs * INDEX_FILE_PAIR;
    uint64_t at = INDEX_FILE_HEADER + INDEX_FILE_SIGNATURE;
    for (int i = 0; i < SECTION_COUNT; i++) {
        out->at[i] = align(at);
        at = out->at[i] + out->bytes[i];
    }
    out->end = at;
    return true;
}

static bool is_zero(const uint8_t *p, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

/* Header and signature; nothing behind them is touched. */
static enum err check_header(struct str bytes, const struct index_want *want, struct fault *fault)
{
    const uint8_t *p = (const uint8_t *)bytes.p;
    if (bytes.n < INDEX_FILE_HEADER + INDEX_FILE_SIGNATURE)
        return fault_set(fault, ERR_SNAPSHOT, "truncated: %zu bytes hold no header", bytes.n);
    if (memcmp(p, INDEX_FILE_MAGIC, 4) != 0)
        return fault_set(fault, ERR_SNAPSHOT, "not an index file");
    if (get_le(p + INDEX_AT_VERSION, 4) != INDEX_FILE_VERSION)
        return fault_set(fault, ERR_SNAPSHOT, "version %" PRIu64 " is not known here, want %d",
                         get_le(p + INDEX_AT_VERSION, 4), INDEX_FILE_VERSION);
    if (memcmp(p + INDEX_AT_ID, want->register_id, INDEX_FILE_ID) != 0)
        return fault_set(fault, ERR_SNAPSHOT, "of another register");
    if (crypto_sign_verify_detached(p + INDEX_FILE_HEADER, p, INDEX_FILE_HEADER,
                                    want->public_key) != 0)
        return fault_set(fault, ERR_SNAPSHOT,
                         "signature does not fit: changed, unsigned or signed by another key");
    if (!is_zero(p + INDEX_AT_ZERO, INDEX_FILE_HEADER - INDEX_AT_ZERO))
        return fault_set(fault, ERR_SNAPSHOT, "header holds what this version does not know");
    uint64_t next_seq = get_le(p + INDEX_AT_NEXT_SEQ, 8);
    if (next_seq < want->at_least)
        return fault_set(fault, ERR_SNAPSHOT,
                         "older than what is known: stands at %" PRIu64 ", want %" PRIu64, next_seq,
                         want->at_least);
    return ERR_OK;
}

static enum err check_section(const uint8_t *p, uint64_t at, uint64_t n, const uint8_t *want,
                              struct fault *fault)
{
    uint8_t hash[SHA256_BYTES];
    struct sha256 *h = sha256_new();
    if (!h)
        return ERR_MEMORY;
    sha256_begin(h);
    sha256_add(h, p + at, n);
    sha256_end(h, hash);
    sha256_free(h);
    if (memcmp(hash, want, SHA256_BYTES) != 0)
        return fault_set(fault, ERR_SNAPSHOT, "damaged: section at byte %" PRIu64 " differs", at);
    return ERR_OK;
}

/* Length, padding and hash of every section. */
static enum err check_sections(struct str bytes, const struct index_layout *layout,
                               struct fault *fault)
{
    const uint8_t *p = (const uint8_t *)bytes.p;
    uint64_t before = INDEX_FILE_HEADER + INDEX_FILE_SIGNATURE;
    if (bytes.n != layout->end)
        return fault_set(fault, ERR_SNAPSHOT, "%s: %zu bytes, want %" PRIu64,
                         bytes.n < layout->end ? "truncated" : "longer than signed", bytes.n,
                         layout->end);
    for (int i = 0; i < SECTION_COUNT; i++) {
        if (!is_zero(p + before, layout->at[i] - before))
            return fault_set(fault, ERR_SNAPSHOT, "damaged: padding at byte %" PRIu64, before);
        enum err err = check_section(p, layout->at[i], layout->bytes[i],
                                     p + INDEX_AT_SECTIONS + i * SHA256_BYTES, fault);
        if (err)
            return err;
        before = layout->at[i] + layout->bytes[i];
    }
    return ERR_OK;
}

/* Is it a word that verdict_pack writes? */
static bool packed_is_valid(uint64_t packed, struct verdict *out)
{
    struct verdict v = verdict_unpack(packed);
    if (!reason_table[v.reason % REASON_COUNT].name ||
        !reason_table[v.next_reason % REASON_COUNT].name || verdict_pack(&v) != packed)
        return false;
    *out = v;
    return true;
}

static enum err load_cells(struct index *ix, const uint8_t *p, uint64_t count, struct fault *fault)
{
    uint64_t last = 0;
    for (uint64_t i = 0; i < count; i++, p += INDEX_FILE_CELL) {
        struct imei imei = {get_le(p, 8)};
        struct verdict verdict;
        if (imei.body >= IMEI_BODIES || (i && imei.body <= last) ||
            !packed_is_valid(get_le(p + 8, 8), &verdict))
            return fault_set(fault, ERR_SNAPSHOT, "cell %" PRIu64 " is none", i);
        last = imei.body;
        enum err err = index_put(ix, imei, &verdict);
        if (err)
            return err;
    }
    return ERR_OK;
}

static enum err load_pairs(struct index *ix, const uint8_t *p, uint64_t count, struct fault *fault)
{
    struct pair last = {0};
    for (uint64_t i = 0; i < count; i++, p += INDEX_FILE_PAIR) {
        struct pair pair = {.imei = {get_le(p, 8)}, .subscriber = get_le(p + 8, 8)};
        bool ascends = pair.imei.body > last.imei.body ||
                       (pair.imei.body == last.imei.body && pair.subscriber > last.subscriber);
        if (pair.imei.body >= IMEI_BODIES || (i && !ascends))
            return fault_set(fault, ERR_SNAPSHOT, "pair %" PRIu64 " is none", i);
        last = pair;
        enum err err = index_put_pair(ix, &pair);
        if (err)
            return err;
    }
    return ERR_OK;
}

static bool day_or_none(daynum day)
{
    return daynum_is_day(day) || day == DAYNUM_NONE;
}

static enum err read_state(const uint8_t *p, struct index_state *out, struct fault *fault)
{
    *out = (struct index_state){
        .next_seq = get_le(p + INDEX_AT_NEXT_SEQ, 8),
        .rules = (uint32_t)get_le(p + INDEX_AT_RULES, 4),
        .gate.expire_through = (daynum)get_le(p + INDEX_AT_EXPIRE, 4),
        .gate.swept_through = (daynum)get_le(p + INDEX_AT_SWEPT, 4),
    };
    memcpy(out->hash, p + INDEX_AT_HASH, SHA256_BYTES);
    if (out->next_seq == 0 || !day_or_none(out->gate.expire_through) ||
        !day_or_none(out->gate.swept_through))
        return fault_set(fault, ERR_SNAPSHOT, "stands where no register stands");
    return ERR_OK;
}

enum err index_file_decode(struct str bytes, const struct index_want *want, struct index **out,
                           struct buf *out_rules, struct fault *fault)
{
    const uint8_t *p = (const uint8_t *)bytes.p;
    struct index_layout layout;
    struct index_state state;
    struct index *ix = NULL;
    enum err err = check_header(bytes, want, fault);
    if (err == ERR_OK)
        err = read_state(p, &state, fault);
    if (err)
        return err;
    uint64_t cells = get_le(p + INDEX_AT_CELLS, 8), pairs = get_le(p + INDEX_AT_PAIRS, 8);
    if (!index_file_layout(get_le(p + INDEX_AT_RULES_BYTES, 8), cells, pairs, &layout))
        return fault_set(fault, ERR_SNAPSHOT, "counts that no register has");
    err = check_sections(bytes, &layout, fault);
    if (err == ERR_OK)
        err = index_new(&ix);
    if (err == ERR_OK)
        err = index_reserve(ix, cells, pairs);
    if (err == ERR_OK)
        err = load_cells(ix, p + layout.at[SECTION_CELLS], cells, fault);
    if (err == ERR_OK)
        err = load_pairs(ix, p + layout.at[SECTION_PAIRS], pairs, fault);
    if (err == ERR_OK && !buf_reserve(out_rules, layout.bytes[SECTION_RULES]))
        err = ERR_MEMORY;
    if (err) {
        index_free(ix);
        return err;
    }
    index_set_state(ix, &state);
    buf_put(out_rules, p + layout.at[SECTION_RULES], layout.bytes[SECTION_RULES]);
    *out = ix;
    return ERR_OK;
}

/* The whole file, mapped; munmap it. An empty file is no mapping: p == NULL. */
static enum err map_file(const char *path, struct str *out, struct fault *fault)
{
    struct stat st;
    void *p = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %m", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return fault_set(fault, ERR_FILE_KIND, "%s: not a file", path);
    }
    if (st.st_size > 0)
        p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (p == MAP_FAILED)
        return fault_set(fault, ERR_FILE_READ, "%s: cannot be mapped", path);
    *out = (struct str){p, (size_t)st.st_size};
    return ERR_OK;
}

enum err index_file_read(const char *path, const uint8_t register_id[16],
                         const uint8_t public_key[32], uint64_t at_least, struct index **out,
                         struct buf *out_rules, struct fault *fault)
{
    struct index_want want = {register_id, public_key, at_least};
    struct str bytes;
    enum err err = map_file(path, &bytes, fault);
    if (err)
        return err;
    err = index_file_decode(bytes, &want, out, out_rules, fault);
    if (err && fault)
        str_copy(fault->file, sizeof fault->file, str_z(path));
    if (bytes.n)
        munmap((void *)(uintptr_t)bytes.p, bytes.n);
    return err;
}
