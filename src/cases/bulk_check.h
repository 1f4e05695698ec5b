/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_check - the job that reads a file of devices: each row by itself, each IMEI against the others of the file,
 * against the facts of the register and against open applications. It leaves the good devices, the bad rows
 * and what it counted beside the upload, which is READY then, or FAILED when the file as a whole is of no use.
 *
 * Memory: 44 bytes a device and 8 an IMEI, so about 100 MB for the largest file. Of two rows with one IMEI the first is good.
 * A job that was cut off begins again from the file. */
#ifndef CASES_BULK_CHECK_H
#define CASES_BULK_CHECK_H

#include <stdatomic.h>

#include "cases/bulk_lines.h"
#include "cases/bulk_list.h"

/* What others see of a job at work. */
struct bulk_progress {
    _Atomic uint64_t id;   /* of the upload or application; 0 = none */
    _Atomic uint64_t done; /* of a thousand */
    atomic_bool stop;      /* it shall end soon: ERR_STOPPED, and begins again later */
};

/* office->registry: of the thread that works. What is wrong with the file is no error. ERR_STOPPED; ERR_STALE: it was
 * dropped meanwhile; ERR_NOT_FOUND: its bytes stand in the
 * spool of another server; ERR_STORE_BUSY: another process is at it; of the store. */
MUST_USE enum err bulk_check(const struct office *office, const struct upload_room *room,
                             uint64_t upload, struct bulk_progress *progress, struct fault *fault);

/* ---- between its files ---- */

struct bulk_checking {
    const struct office *office;
    struct upload upload;
    struct bulk_progress *progress;
    struct bulk_device *devices; /* good and bad: found tells */
    uint32_t *lines; /* of each device its declaration line, from 1; 0 = it names none */
    size_t count, size;
    struct bulk_lines declared;
    struct bulk_error *errors;
    size_t error_count, error_size;
    uint64_t *imeis; /* of the good ones, ascending, each once */
    size_t imei_count;
    uint64_t fault_total; /* bytes of the file, for progress */
};

/* Notes what was found in a row; a bad device is marked. value may be empty. ERR_MEMORY. */
MUST_USE enum err bulk_note(struct bulk_checking *c, uint32_t line, unsigned column,
                            enum bulk_found found, struct str value);
/* Reads the rows. Errors of the file as a whole: ERR_FILE_…, ERR_LINE_LONG, ERR_TOO_MANY, ERR_DIGEST, ERR_CODEC. */
MUST_USE enum err bulk_rows(struct bulk_checking *c, const struct source_reader *source,
                            struct fault *fault);
/* Finds twins, then what register and open applications say. */
MUST_USE enum err bulk_compare(struct bulk_checking *c, struct fault *fault);
/* What the facts of an IMEI say against an approval for this applicant; BULK_NOTHING: nothing. */
enum bulk_found bulk_judge(const struct facts *facts, uint64_t applicant, uint8_t kind);

#endif
