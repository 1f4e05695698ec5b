/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of TACs. First byte even: a packed list; one that is accepted is packed again to the same
 * bytes. Odd: a file; what is taken from it makes a list that is accepted. */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bulk/tac_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_packed(const uint8_t *p, size_t n)
{
    struct tac_table *t;
    if (tac_table_new(p, n, &t) != ERR_OK)
        return;
    struct tac_builder *b = tac_builder_new();
    struct buf again = {0};
    size_t count = tac_table_count(t);
    for (size_t i = count; i-- > 0;) {
        struct tac_info info;
        uint32_t tac = (uint32_t)get_be(p + 12 + 13 * i, 4);
        assert(tac_find(t, tac, &info) && tac_classify(t, tac) == info.class);
        if (tac_builder_add(b, tac, info.class, info.brand, info.model))
            abort();
    }
    if (tac_builder_pack(b, &again))
        abort();
    assert(again.n == n && memcmp(again.p, p, n) == 0);
    buf_release(&again);
    tac_builder_free(b);
    tac_table_free(t);
}

static void read_list(const char *path, enum tac_format format)
{
    struct tac_builder *b = tac_builder_new();
    struct tac_file file;
    struct fault fault = {0};
    enum err err = tac_file_read(&(struct tac_reading){path, format, 20000}, b, &file, &fault);
    if (!err) {
        struct buf packed = {0};
        struct tac_table *t;
        assert(file.taken_count + file.finding_count == file.row_count);
        assert(file.padded_count <= file.taken_count && file.machine_count <= file.taken_count);
        if (tac_builder_pack(b, &packed) || tac_table_new(packed.p, packed.n, &t))
            abort();
        assert(tac_table_count(t) > 0 && tac_table_count(t) <= file.taken_count);
        tac_table_free(t);
        buf_release(&packed);
    } else {
        assert(fault.err == err && fault.detail[0]);
    }
    tac_builder_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0) {
        read_packed(data + 1, size - 1);
        return 0;
    }
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
        abort();
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    read_list(path, (enum tac_format)((data[0] >> 1) % 3));
    close(fd);
    return 0;
}
