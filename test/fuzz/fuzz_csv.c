/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as a table. The first byte chooses how it is read. What comes out is UTF-8 without NUL,
 * within the limits, with line numbers that rise; reading ends. And the two ways in which a row
 * without quotes can be split agree. */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bulk/csv.h"
#include "bulk/csv_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_split(struct str text, char separator)
{
    static struct csv_split plain, machine;
    char *scratch = malloc(text.n + 1);
    if (!scratch)
        abort();
    if (!memchr(text.p, '"', text.n) && !memchr(text.p, '\n', text.n)) {
        csv_split_plain(text.p, text.n, separator, &plain); /* the window goes on behind it */
        csv_split_quoted(text.p, text.n, separator, scratch, &machine);
        assert(plain.count == machine.count && plain.used == machine.used &&
               machine.state == CSV_SPLIT_OK);
        for (uint32_t i = 0; i < plain.count && i < LIMIT_COLUMNS; i++)
            assert(str_eq(plain.fields[i], machine.fields[i]));
    }
    free(scratch);
}

static void read_all(struct csv *csv, char separator)
{
    struct csv_row row;
    struct fault fault = {0};
    uint64_t line = 0;
    for (;;) {
        enum err err = csv_next(csv, &row, &fault);
        if (err && csv_stopped(csv))
            break;
        if (!err && !row.fields)
            break;
        assert(row.line > line && row.text.n > 0 && row.text.n <= LIMIT_LINE);
        line = row.line;
        check_split(row.text, separator);
        if (err) {
            assert(fault.line == row.line && fault.detail[0]);
            continue;
        }
        assert(row.count <= LIMIT_COLUMNS);
        for (uint32_t i = 0; i < row.count; i++) {
            assert(row.fields[i].n <= LIMIT_LINE && str_utf8(row.fields[i]));
            if (row.fields[i].p) /* a column may be absent */
                assert(!memchr(row.fields[i].p, '\0', row.fields[i].n));
            csv_where(csv, &row, i, &fault);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"imei", "date", "imsi"};
    static const char separators[] = {0, ',', '|', '\t'};
    if (size == 0)
        return 0;
    char separator = separators[data[0] >> 2 & 3];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
        abort();
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct csv_options options = {.path = path,
                                  .columns = names,
                                  .column_count = 3,
                                  .required = data[0] >> 4 & 7,
                                  .header = (enum csv_header)((data[0] & 3) % 3),
                                  .separator = separator,
                                  .hash = true};
    struct csv *csv;
    struct fault fault = {0};
    enum err err = csv_open(&options, &csv, &fault);
    if (!err) {
        uint8_t hash[SHA256_BYTES];
        read_all(csv, separator ? separator : ',');
        csv_hash(csv, hash);
        csv_close(csv);
    } else {
        assert(fault.err == err && fault.detail[0] && fault.file[0]);
    }
    close(fd);
    return 0;
}
