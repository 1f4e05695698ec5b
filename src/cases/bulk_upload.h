/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_upload - a file of devices, from its first byte to the application that is made of it: it comes in by
 * pieces (spool.h), is checked in the background (bulk_check.h), shown, and filed (bulk_case.h).
 *
 *   receiving -> checking -> ready -> filed
 *                         -> failed (the file as a whole is of no use; reason)
 *
 * Expected workload: some hundred files a day, most of a few thousand rows, the largest of a million. An upload
 * that was not filed is forgotten UPLOAD_LIFE_S after it was begun. */
#ifndef CASES_BULK_UPLOAD_H
#define CASES_BULK_UPLOAD_H

#include "bulk/file_looks.h"
#include "cases/filing.h"
#include "cases/spool.h"

/* Codes are stored. */
enum upload_state {
    UPLOAD_RECEIVING = 1,
    UPLOAD_CHECKING = 2,
    UPLOAD_READY = 3,
    UPLOAD_FAILED = 4,
    UPLOAD_FILED = 5,
};

enum bulk_found {
    BULK_NOTHING = 0,
#define X(code, name, weight) BULK_##name = code,
#include "cases/bulk_findings.def"
#undef X
    BULK_FOUND_MAX = 64,
};

enum {
    UPLOAD_ID_TEXT = 17, /* 16 hexadecimal digits and a NUL */
    UPLOAD_LIFE_S = 7 * 24 * 3600,
    BULK_WORK_UPLOAD = 1, /* kinds of RECORD_BULK_WORK */
    BULK_WORK_CASE = 2,
};

struct upload {
    uint64_t id; /* random */
    uint64_t version;
    uint8_t state;
    uint64_t applicant; /* party on whose behalf */
    uint64_t filed_by;
    uint64_t application; /* made of it; 0 = none yet */
    uint64_t bytes;       /* that it shall have */
    int64_t created_s, checked_s;
    char name[LIMIT_UPLOAD_NAME + 1];
    char sha256[2 * SHA256_BYTES + 1]; /* of the file, as the sender says; empty: not yet */
    char reason[40];                   /* FAILED: name of an error, ERR_… */
    uint8_t looks;                     /* FAILED for FILE_KIND: enum file_looks */
    /* What was found, once READY. */
    uint64_t rows, bad;                /* data rows; of them bad */
    uint64_t devices, imeis;           /* of the good ones */
    uint32_t device_parts;             /* RECORD_BULK_DEVICES from 0 */
    uint32_t error_parts;              /* RECORD_BULK_ERRORS from 0 */
    uint64_t found[BULK_FOUND_MAX];    /* rows by what was found; a row counts once for each */
    char digest[2 * SHA256_BYTES + 1]; /* of the list of good devices: of its parts in order */
    /* The line after which each table of LIMIT_DEVICES_PAGE good devices begins; 0: the first, or it is not known. */
    uint32_t page_after[LIMIT_DEVICES_PAGES];
};

const char *upload_state_name(uint8_t state);
const char *bulk_found_name(unsigned found); /* NULL: no such */
bool bulk_found_bad(unsigned found);
void upload_id_format(uint64_t id, char out[UPLOAD_ID_TEXT]);
bool upload_id_parse(struct str text, uint64_t *out);

/* Bytes of all uploads that are not filed, unless set. */
#define UPLOAD_ROOM_BYTES (16ULL << 30)

/* Where uploads stand, and how much. */
struct upload_room {
    struct spool spool;
    uint64_t bytes; /* of all uploads that are not filed, as they say they will be */
};

struct upload_wish {
    struct str name;
    uint64_t bytes;
    struct str sha256;      /* 64 hexadecimal digits, or empty */
    struct str idempotency; /* key of who sends it, or empty */
};

/* Begins one. *out_again: the key began it before, this is how it stands. ERR_TOO_LONG, ERR_USAGE; ERR_UPLOADS: he has
 * LIMIT_UPLOADS; ERR_STORE_FULL: no room for so much; ERR_IDEMPOTENCY: the key began another file. */
MUST_USE enum err upload_new(const struct office *office, const struct upload_room *room,
                             const struct session *who, const struct upload_wish *wish,
                             struct upload *out, bool *out_again, struct fault *fault);
/* One of his own. ERR_NOT_FOUND (also for what is another's). */
MUST_USE enum err upload_get(const struct office *office, const struct session *who, uint64_t id,
                             struct upload *out, struct fault *fault);
/* Bytes that stand; all, once it is received. */
MUST_USE enum err upload_offset(const struct upload_room *room, const struct upload *upload,
                                uint64_t *out, struct fault *fault);
/* Appends a piece. ERR_FILE_KIND: its first bytes are those of something that is no table of text; it has FAILED. ERR_OFFSET: *out_size tells where to go on; ERR_TOO_LONG: more than it shall have;
 * ERR_NOT_NOW: it is received. */
MUST_USE enum err upload_append(const struct office *office, const struct upload_room *room,
                                const struct session *who, uint64_t id, uint64_t offset,
                                struct str bytes, uint64_t *out_size, struct fault *fault);
/* All has come: it is checked in the background. sha256 as above, needed when it was not told before. ERR_OFFSET: bytes
 * are missing; ERR_USAGE; ERR_NOT_NOW. */
MUST_USE enum err upload_check(const struct office *office, const struct upload_room *room,
                               const struct session *who, uint64_t id, struct str sha256,
                               struct upload *out, struct fault *fault);
/* Forgets it and all that was found. ERR_NOT_NOW: it is filed. */
MUST_USE enum err upload_drop(const struct office *office, const struct upload_room *room,
                              const struct session *who, uint64_t id, struct fault *fault);
/* His own that are not filed, at most LIMIT_UPLOADS. */
MUST_USE enum err upload_list(const struct office *office, const struct session *who,
                              uint64_t out[LIMIT_UPLOADS], size_t *out_n, struct fault *fault);
/* Forgets those that are too old, and files of the spool that belong to none. */
MUST_USE enum err upload_sweep(const struct office *office, const struct upload_room *room,
                               struct fault *fault);

/* ---- for the rooms's own: as a record ---- */

MUST_USE enum err upload_read(struct registry *registry, uint64_t id, struct upload *out,
                              struct fault *fault);
/* Inside a write: stores it and the lists that it stands in. Counts the version. */
MUST_USE enum err upload_put(struct registry *registry, struct upload *upload, struct fault *fault);
/* One commit: when the upload still has this version (0: is new), `also` (NULL: nothing) and then it are written.
 * ERR_STALE. */
MUST_USE enum err upload_write(const struct office *office, struct upload *upload,
                               enum err (*also)(struct registry *registry, void *ctx,
                                                struct fault *fault),
                               void *ctx, struct fault *fault);
/* Inside a write: drops all records of a kind that belong to an upload. */
MUST_USE enum err upload_drop_parts(struct registry *registry, enum record_kind kind, uint64_t id,
                                    struct fault *fault);
struct record_key bulk_part_key(enum record_kind kind, uint64_t upload, uint32_t part);
struct record_key bulk_work_key(uint8_t kind, uint64_t id);

#endif
