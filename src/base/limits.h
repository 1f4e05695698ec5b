/* SPDX-License-Identifier: Apache-2.0
 *
 * limits - every maximum that an input from outside meets, in one place, with unit and source. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    /* Identifiers */
    LIMIT_IMEI_TEXT = 64,     /* bytes of a typed IMEI, separators included; ours */
    LIMIT_IMSI_DIGITS = 15,   /* TS 23.003 2.2 */
    LIMIT_MSISDN_DIGITS = 15, /* ITU-T E.164 6.1 */
    LIMIT_NAME = 64,          /* bytes of an operator's, actor's or body's name; ours */
    LIMIT_DOCUMENT = 64,      /* bytes of a document number; ours, journal entry format */
    LIMIT_REASON = 500,       /* bytes of --reason; ours */
    LIMIT_TAC_NAME = 96,      /* bytes of a brand or a model name; ours */
    LIMIT_DEVICE_IMEIS = 4,   /* IMEIs a device, domain.md 3 */
    LIMIT_MARKS = 6,          /* suspension marks open on one IMEI; ours */
    LIMIT_PAIRS = 10,         /* IMSIs paired with one IMEI; ours, as vendors */
    LIMIT_PLMN = 32,          /* prefixes in home_plmn and in machine_imsi; ours */

    /* Rules */
    LIMIT_RULES_TEXT = 8192, /* bytes of a rule set; ours */

    /* Journal */
    LIMIT_ROW_ITEM = 54,       /* bytes of a row: one SHA-256 compression a leaf */
    LIMIT_BLOCK_ITEMS = 65536, /* items of a block */
    LIMIT_COMMIT_ROWS = 4096,  /* rows of one group commit */

    /* Files */
    LIMIT_LINE = 65536,        /* bytes of a line of an input file; ours */
    LIMIT_COLUMNS = 64,        /* columns of an input file; ours */
    LIMIT_BAD_ROWS_SHOWN = 20, /* bad rows printed; the rest go to the file beside */

    /* HTTP */
    LIMIT_HTTP_BODY = 65536, /* bytes of a request's body; ours */
    LIMIT_HTTP_URI = 2048,   /* bytes of a request target; ours */
    LIMIT_HTTP_HEAD = 16384, /* bytes of request line and headers; ours */
    LIMIT_CHECK_IMEIS = 100, /* IMEIs in one check from outside; ours */
    LIMIT_PUBLIC_URL = 200,  /* bytes of our own address: scheme://host:port; ours */
    LIMIT_HTTP_CONNECTIONS = 16384,
    LIMIT_HTTP_IDLE_SECONDS = 15,
};

/* Bytes of an input file: a country's day is 2 GB. Ours. */
#define LIMIT_FILE_BYTES (64ULL << 30)
/* IMEIs of one batch: the world's list twice over would be no input of one register. Ours. */
#define LIMIT_BATCH_IMEIS 400000000ULL

#endif
