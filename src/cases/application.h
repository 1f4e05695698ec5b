/* SPDX-License-Identifier: Apache-2.0
 *
 * application - what somebody asks of the register about devices: its kind, its state, its clock, its
 * devices and what became of each. A record, sealed. Rules: domain.md 4.
 *
 * A device with its 1-4 IMEIs is decided as one, so that no phone ends half white. */
#ifndef CASES_APPLICATION_H
#define CASES_APPLICATION_H

#include "app/verify.h"
#include "core/msisdn.h"
#include "people/record.h"
#include "people/role.h"

enum application_state {
#define STATE(code, name, text, open) APPLICATION_##name = code,
#include "cases/kinds.def"
#undef STATE
    APPLICATION_STATE_COUNT
};

enum refusal {
    REFUSAL_NONE = 0,
#define REFUSAL(code, name) REFUSAL_##name = code,
#include "cases/kinds.def"
#undef REFUSAL
    REFUSAL_COUNT
};

enum finding_bit {
#define FINDING(bit, name, text, weight) FOUND_##name = 1 << (bit),
#include "cases/kinds.def"
#undef FINDING
};

/* How it came into the country, domain.md 4 "Where is it from?". */
enum way { WAY_NONE = 0, WAY_CARRIED = 1, WAY_PARCEL = 2, WAY_GIFT = 3 };

enum {
    APPLICATION_NUMBER_TEXT = 24, /* "2026-0000001234", NUL */
    RECEIPT_TEXT = 25,            /* "XXXXX-XXXXX-XXXXX-XXXXX", NUL: 100 random bits */
    APPLICATION_EVENTS_MAX = 64,
    CASE_DEVICE_IMEIS = 2 * LIMIT_DEVICE_IMEIS,
    PAPER_ID = 16,      /* random bytes */
    PAPER_ID_TEXT = 33, /* 32 hexadecimal digits, NUL */
    LANGUAGE_TEXT = 3,  /* "kk", NUL */
};

struct case_device {
    struct device is; /* its IMEIs; in a repair those taken out, too */
    char brand[LIMIT_TAC_NAME + 1];
    char model[LIMIT_TAC_NAME + 1];
    uint32_t findings; /* enum finding_bit */
    bool decided, approved;
    uint8_t refusal; /* enum refusal, of one that was refused; stays while that is appealed */
    uint32_t
        customs_line; /* of a correction of a file: the line that it drew from (bulk_lines.h), from 1 */
};
/* All IMEIs that belong to it, those taken out in a repair after the others; how many. */
unsigned case_device_imeis(const struct case_device *device, struct imei out[CASE_DEVICE_IMEIS]);

/* One step of its life, for applicant and officer. */
struct case_event {
    int64_t time_s;
    uint8_t state;  /* after it */
    uint64_t actor; /* 0 = the register itself */
    char
        note[LIMIT_REASON + 1]; /* of the officer to the applicant, or of an appeal; may be empty */
};

/* A file that came with it, as its record holds it; its bytes: paper.h. */
struct paper_id {
    uint8_t bytes[PAPER_ID];
};
struct case_paper {
    struct paper_id id;
    uint8_t kind; /* enum paper_kind */
    uint32_t bytes;
    int64_t added_s;
    char name[LIMIT_PAPER_NAME + 1]; /* as its sender calls it; may be empty */
};
/* What one officer decided and another has to confirm (cases/second.h): one row a device of the application. */
struct case_proposed {
    bool approve;
    uint8_t refusal; /* enum refusal, when it does not */
    uint32_t lifts;  /* enum lift_bit: why two are needed */
    uint64_t
        seen[2 *
             LIMIT_DEVICE_IMEIS]; /* last_seq of its IMEIs when it was looked at: new, then old */
};
struct case_proposal {
    uint64_t by; /* party of the officer */
    int64_t at_s;
    char note[LIMIT_REASON + 1];   /* to the applicant, with the decision */
    struct case_proposed *devices; /* owned */
};

struct application {
    uint64_t id;        /* of the register, ascending */
    uint64_t version;   /* counts its steps */
    uint8_t kind;       /* enum approval_kind */
    uint8_t state;      /* enum application_state */
    uint8_t way;        /* enum way */
    bool organisation;  /* filed for one: other clocks */
    bool appeal;        /* it was refused once, and another officer looks at it */
    bool checked;       /* the register's own checks have answered, as far as they could */
    uint64_t applicant; /* party on whose behalf */
    uint64_t filed_by;  /* party who filed it */
    uint64_t traveller; /* of a gift: who brought it in and consented by code; 0 = nobody did */
    int64_t consented_s;
    uint64_t officer; /* who has claimed it; 0 = nobody */
    uint64_t decided_by;
    uint64_t corrects;     /* the application that this one corrects (correction.h); 0 = none */
    int64_t corrects_s;    /* when that was filed, for its number */
    uint8_t ground;        /* enum ground, of a correction */
    bool by_officer;       /* a correction that an officer filed: another one decides it */
    uint64_t not_arrived;  /* of its approved devices: corrected away because they never came in */
    uint64_t decided_with; /* the officer who had proposed it; 0 = it needed one alone */
    char document[LIMIT_DOCUMENT + 1]; /* number of the parcel, declaration, receipt */
    char country[3];                   /* where it was bought, ISO 3166-1 alpha-2; empty */
    daynum entered;                    /* day on which it came in, as declared; DAYNUM_NONE */
    char receipt[RECEIPT_TEXT];
    uint32_t findings; /* of the whole */
    int64_t filed_s;   /* UTC seconds */
    int64_t due_s; /* by when it is to be decided; while papers are asked: by when they must come */
    int64_t again_s;   /* when the register's own checks run once more; 0 = not by the calendar */
    int64_t left_s;    /* working seconds that are left once the papers have come */
    int64_t decided_s; /* 0 = not yet */
    /* Of one by file (bulk_case.h), all 0 in one that is typed: its devices stand beside it. */
    uint64_t upload;        /* the file that it was made of */
    uint64_t bulk_devices;  /* good ones in it when it was filed */
    uint64_t bulk_imeis;    /* theirs */
    uint64_t bulk_left_out; /* of the devices: not approved, for what the register knew by then */
    bool bulk_held;         /* some of its IMEIs have an open hold */
    uint64_t bulk_gsma;     /* parts of the list for which GSMA's service has answered */
    uint8_t bulk_refusal;   /* enum refusal, of all of it */
    uint64_t bulk_proposed_by; /* the officer who would approve it; a second confirms */
    char bulk_digest[2 * SHA256_BYTES + 1]; /* of the list of devices */
    struct case_device *devices;            /* owned */
    size_t device_count;
    struct case_event *events; /* owned, oldest first */
    size_t event_count;
    struct case_paper *papers; /* owned, in the order in which they came */
    size_t paper_count;
    char language
        [LANGUAGE_TEXT]; /* in which its applicant is written to, ISO 639-1; empty: not known */
    char
        msisdn[MSISDN_TEXT]; /* where its applicant is told of it, when an assistant filed; empty */
    char consent[PAPER_ID_TEXT]; /* the traveller's code (cases/code.h); empty */
    struct case_event
        *remarks; /* owned: among officers, state is enum remark; never the applicant's */
    size_t remark_count;
    struct case_proposal *proposal; /* owned; NULL: nothing waits for a second officer */
};

void application_release(struct application *a);

struct kind_info {
    const char *name;
    uint32_t roles;                       /* who may file it: bits of enum role */
    int person_hours, organisation_hours; /* working hours until the decision */
};
const struct kind_info *kind_info(uint8_t kind); /* NULL: no such kind */
bool kind_find(struct str name, uint8_t *out);
const char *application_state_name(uint8_t state);
bool application_open(const struct application *a);
/* While it is open: is this device asked for? Of an appeal those that were refused; what was approved is decided, and may be
 * corrected beside it. */
bool application_asks(const struct application *a, const struct case_device *device);
const char *refusal_name(uint8_t refusal);
bool refusal_find(struct str name, uint8_t *out);
const char *finding_name(unsigned bit); /* NULL past the last */
/* Those that an officer must look at. */
uint32_t findings_that_stop(uint32_t findings);
const char *way_name(uint8_t way);
bool way_find(struct str name, uint8_t *out);
/* "2026-0000001234": the year in which it was filed, its id. */
void application_number(const struct application *a, char out[APPLICATION_NUMBER_TEXT]);
/* The number of the one that it corrects. */
void application_number_corrected(const struct application *a, char out[APPLICATION_NUMBER_TEXT]);
/* The same of anything that was filed then under that id. */
void application_number_of(int64_t filed_s, uint64_t id, char out[APPLICATION_NUMBER_TEXT]);
bool application_number_parse(struct str text, uint64_t *out_id);

/* Approved devices that count against what its declaration allows: those that did not arrive make room again. 0 of a
 * correction, whose devices are the first one's. */
uint64_t application_arrived(const struct application *a);

/* It ends undecided, by its applicant (APPLICATION_WITHDRAWN) or for want of papers (APPLICATION_CLOSED). An
 * appeal that ends so leaves what was decided before: approved when a device of it was, else refused. */
void application_give_up(struct application *a, uint8_t state, int64_t now_s);
/* Appends a step; the last APPLICATION_EVENTS_MAX are kept. ERR_MEMORY. */
MUST_USE enum err application_tell(struct application *a, const struct case_event *event);
/* The same, among officers. */
MUST_USE enum err application_remark(struct application *a, const struct case_event *event);
void application_drop_proposal(struct application *a);
/* The officer whose decision waits for a second one, typed or by file; 0: nobody's does. */
uint64_t application_proposed_by(const struct application *a);
/* The register's own checks are due once more; nobody was asked yet. */
void application_check_anew(struct application *a);

/* ---- as records ---- */

/* ERR_NOT_FOUND, ERR_CODEC. *out: application_release. */
MUST_USE enum err application_get(struct registry *registry, uint64_t id, struct application *out,
                                  struct fault *fault);
/* Inside a write: stores it, and the lists in which it is found as its state says: by applicant, by
 * receipt, by clock, and by each IMEI while it is open. before: as it stood, NULL for a new one. */
MUST_USE enum err application_put(struct registry *registry, const struct application *a,
                                  const struct application *before, struct fault *fault);
/* By its receipt, as people type it. ERR_NOT_FOUND. */
MUST_USE enum err application_by_receipt(struct registry *registry, struct str receipt,
                                         uint64_t *out_id, struct fault *fault);
/* Does another application, not withdrawn, name the same parcel? */
MUST_USE enum err application_document_used(struct registry *registry, const struct application *a,
                                            bool *out, struct fault *fault);
/* Ids of open applications that ask for an IMEI, at most max. */
MUST_USE enum err application_by_imei(struct registry *registry, struct imei imei,
                                      uint64_t *out_ids, size_t max, size_t *out_n,
                                      struct fault *fault);
/* A new receipt: 100 random bits. */
void receipt_make(char out[RECEIPT_TEXT]);
/* By what it is looked up: without what people put between, letters that look like digits as those. */
void receipt_hash(const struct registry *registry, struct str receipt, uint8_t out[16]);

#endif
