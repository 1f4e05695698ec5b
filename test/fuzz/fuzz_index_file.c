/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_index_file - an index file of any bytes. Changes to a small true file: the first byte says how
 * far the register's key helps the fuzzer past the gates (1: the header is signed, 2: the hashes are
 * right, too), then come changes of 5 bytes each: where (4, little-endian), what is added there. What
 * was taken is asked and written to. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "unit/reseal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHANGE = 5, IMEIS = 900, TACS = 3 };
static const uint8_t id[16] = "sixteen bytes id";

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

static struct imei imei_of(uint32_t i)
{
    return (struct imei){35824005000000 + i % TACS * 1000000ULL + (i % TACS ? i / 3 * 7 : i / 50)};
}

static struct verdict verdict_of(uint32_t i)
{
    struct verdict v = {.reason = REASON_UNVERIFIED, .next_reason = REASON_EXPIRED};
    v.deadline = v.valid_through = DAYNUM_FIRST + 9000 + (daynum)(i % 300);
    return v;
}

/* Wide boxes, a tight one, verdicts that are rare in it, pairs. */
static uint8_t *true_file(const struct index_keys *keys, size_t *out)
{
    struct index *ix;
    struct index_image *image;
    char path[] = "/tmp/fuzz-index.XXXXXX";
    struct index_file file = {id, STR("x=1\n"), STR("tac")};
    struct buf bytes = {0};
    int fd = mkstemp(path);
    if (fd < 0 || index_new(&ix))
        abort();
    for (uint32_t i = 0; i < IMEIS; i++) {
        struct verdict v = verdict_of(i % 5 ? 1 : i);
        struct pair pair = {.imei = imei_of(i), .subscriber = i};
        if (index_put(ix, imei_of(i), &v) || (i % 100 == 0 && index_put_pair(ix, &pair)))
            abort();
    }
    index_set_state(ix, &(struct index_state){.next_seq = 9, .gate = {DAYNUM_NONE, DAYNUM_NONE}});
    if (index_image_new(ix, &image) || index_image_write(image, path, &file, keys, NULL) ||
        file_read(path, 1 << 20, &bytes, NULL))
        abort();
    close(fd);
    unlink(path);
    index_image_free(image);
    index_free(ix);
    *out = bytes.n;
    return bytes.p;
}

static void use(struct index_loaded *got)
{
    struct verdict v;
    for (uint32_t i = 0; i < IMEIS; i++) {
        (void)index_find(got->index, imei_of(i), &v);
        (void)index_is_paired(got->index, imei_of(i), i);
        v = verdict_of(i * 7);
        if (i % 3 == 0)
            (void)!index_put(got->index, imei_of(i), &v);
    }
    index_loaded_release(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct index_keys keys;
    static uint8_t *whole;
    static size_t n;
    static const uint8_t seed[32] = {1};
    static randombytes_implementation same = {
        .implementation_name = same_name, .random = same_number, .buf = same_bytes};
    if (!whole) {
        randombytes_set_implementation(&same);
        crypto_sign_seed_keypair(keys.public_key, keys.secret_key, seed);
        whole = true_file(&keys, &n);
    }
    if (size < 1)
        return 0;
    uint8_t *p = malloc(n);
    if (!p)
        return 0;
    memcpy(p, whole, n);
    for (size_t at = 1; at + CHANGE <= size; at += CHANGE)
        p[get_le(data + at, 4) % n] += data[at + 4];
    if (data[0] & 2)
        reseal(p, n, keys.secret_key);
    else if (data[0] & 1)
        crypto_sign_detached(p + INDEX_FILE_HEADER, NULL, p, INDEX_FILE_HEADER, keys.secret_key);
    struct index_want want = {id, keys.public_key, 1};
    struct index_loaded got;
    struct fault fault;
    if (index_file_decode((struct str){(const char *)p, n}, &want, &got, &fault) == ERR_OK)
        use(&got);
    free(p);
    return 0;
}
