/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_list - the devices of a file as records: in parts that are sealed, so that no record and no transaction is
 * large, and in two orders. By line, for who looks at the list (RECORD_BULK_DEVICES); by IMEI, for who asks
 * whether an open application names one (RECORD_BULK_IMEIS, found by the last IMEI of a part).
 *
 * A part of devices: each line as varint difference to the one before, count of IMEIs 1, found 1 (enum bulk_found; 0:
 * good), IMEIs 6 each. A part of IMEIs: each as varint difference to the one before. A part of errors: line as
 * varint difference, column 1, found 1, length 1 and bytes of the value as it was typed. */
#ifndef CASES_BULK_LIST_H
#define CASES_BULK_LIST_H

#include "cases/bulk_upload.h"

enum {
    BULK_PART_DEVICES = 32768, /* below 1 MiB, the largest record: 31 bytes each at most */
    BULK_PART_IMEIS = 16384,
    BULK_VALUE_MAX = 48, /* bytes of a value that are kept of a bad row */
};

struct bulk_device {
    uint32_t line;
    uint8_t count;
    uint8_t found;                      /* enum bulk_found: why it was left out later; 0 = good */
    uint64_t imeis[LIMIT_DEVICE_IMEIS]; /* bodies */
};

struct bulk_error {
    uint32_t line;
    uint8_t column; /* in the file, from 1; 0 = the row */
    uint8_t found;
    uint8_t n; /* of value */
    char value[BULK_VALUE_MAX];
};

/* Appends one; *before: the line before it, 0 in the beginning of a part. */
void bulk_device_encode(struct buf *out, const struct bulk_device *device, uint32_t *before);
void bulk_error_encode(struct buf *out, const struct bulk_error *error, uint32_t *before);

/* Inside a write: seals a part and stores it. */
MUST_USE enum err bulk_part_put(struct registry *registry, const struct record_key *key,
                                struct str plain, struct fault *fault);
/* Appends the plain part to *out. ERR_NOT_FOUND, ERR_CODEC. */
MUST_USE enum err bulk_part_get(struct registry *registry, const struct record_key *key,
                                struct buf *out, struct fault *fault);

/* The devices of one part, at most BULK_PART_DEVICES; malloc'd, free. */
MUST_USE enum err bulk_devices(struct registry *registry, uint64_t upload, uint32_t part,
                               struct bulk_device **out, size_t *out_n, struct fault *fault);
/* All devices in their order; fn false: stop. */
typedef bool bulk_device_fn(void *ctx, const struct bulk_device *device);
MUST_USE enum err bulk_each(struct registry *registry, const struct upload *upload,
                            bulk_device_fn *fn, void *ctx, struct fault *fault);
/* Those behind a line. Of what stands before it, it reads as little as the pages of the upload allow. */
MUST_USE enum err bulk_each_after(struct registry *registry, const struct upload *upload,
                                  uint32_t line, bulk_device_fn *fn, void *ctx,
                                  struct fault *fault);
/* All bad rows in their order. */
typedef bool bulk_error_fn(void *ctx, const struct bulk_error *error);
MUST_USE enum err bulk_errors(struct registry *registry, const struct upload *upload,
                              bulk_error_fn *fn, void *ctx, struct fault *fault);

/* All IMEIs of its devices, ascending; malloc'd, free. whole: of those that were left out, too. */
MUST_USE enum err bulk_imeis(struct registry *registry, const struct upload *upload, bool whole,
                             uint64_t **out, size_t *out_n, struct fault *fault);

/* The key of the part of IMEIs in which `last` is the last. */
struct record_key bulk_imeis_key(uint64_t upload, uint64_t last);
/* Appends the ids of open applications by file that ask for an IMEI, to out[*out_n], at most max in all. */
MUST_USE enum err bulk_by_imei(struct registry *registry, struct imei imei, uint64_t *out_ids,
                               size_t max, size_t *out_n, struct fault *fault);
/* Goes through what open applications ask for, typed or by file, between two IMEIs, each application in its
 * order; fn false: stop. */
typedef bool bulk_open_fn(void *ctx, uint64_t application, uint64_t body);
MUST_USE enum err bulk_open_each(struct registry *registry, uint64_t from, uint64_t to,
                                 bulk_open_fn *fn, void *ctx, struct fault *fault);

#endif
