/* SPDX-License-Identifier: Apache-2.0
 *
 * rules - a rule set: the country's settings, numbered and journaled. Immutable once made, so
 * that every thread reads one pointer. settings.def is the table of all of them. */
#ifndef CORE_RULES_H
#define CORE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "core/daynum.h"
#include "core/tac.h"

enum rules_malformed { MALFORMED_BLACK, MALFORMED_INFORM };
enum rules_clone { CLONE_GREY, CLONE_WHITE, CLONE_BLACK };
enum rules_override { OVERRIDE_NONE, OVERRIDE_GREY, OVERRIDE_WHITE };
enum rules_release { RELEASE_AUTO, RELEASE_MANUAL };
enum rules_two_person { TWO_PERSON_AUTO, TWO_PERSON_ON, TWO_PERSON_OFF };

struct plmn_list {
    uint32_t count;
    uint64_t prefix[LIMIT_PLMN]; /* packed as by imsi_parse */
};

struct rules {
    uint32_t number; /* 1, 2, ... ; not part of the text */
    daynum duty_from;
    daynum enforce_after;
    int32_t grace_days;
    daynum amnesty_before;
    int32_t min_notice_days;
    bool tac_list_complete;
    bool unknown_served;
    uint8_t malformed;          /* enum rules_malformed */
    uint8_t clone_without_imsi; /* enum rules_clone */
    uint8_t network_override;   /* enum rules_override */
    uint8_t expiry_release;     /* enum rules_release */
    uint8_t two_person;         /* enum rules_two_person */
    daynum tac_list_date;
    uint32_t tac_list; /* number of the TAC list, 0 = none */
    uint32_t max_expiries_per_day;
    uint32_t gsma_cut_limit;
    uint32_t retention_months; /* of what networks saw of subscribers; 0: for ever */
    int32_t clone_days;        /* of the rules that find clones: clones/judge.h */
    uint32_t clone_imsis;
    uint32_t clone_average_tenths;
    int32_t clone_min_days;
    int32_t clone_two_operator_days;
    uint32_t clone_fleet_imsis;
    bool clone_auto;
    uint32_t clone_auto_most;
    struct plmn_list home_plmn;
    struct plmn_list machine_imsi;
    char zone[64];
    const struct tac_table *tac; /* borrowed; not part of the text; NULL = no list loaded */
};

void rules_init(struct rules *rules); /* the defaults */
/* One KEY and its VALUE. ERR_SETTING_UNKNOWN, ERR_SETTING_VALUE; fault says what is wanted. */
MUST_USE enum err rules_set(struct rules *rules, struct str key, struct str value,
                            struct fault *fault);
/* May a person set this key with `rules set`? False for the three that import tac owns. */
bool rules_settable(struct str key);
/* Canonical text: one `key=value\n` a setting in the order of settings.def. */
void rules_format(const struct rules *rules, struct buf *out);
/* The value of one key as text, appended; false when there is no such key. */
bool rules_format_value(const struct rules *rules, struct str key, struct buf *out);
/* Reads a canonical text, keys that are missing keep their default. */
MUST_USE enum err rules_parse(struct str text, struct rules *out, struct fault *fault);
/* Walks the table: name, default and meaning of setting i; false past the end. */
bool rules_setting(uint32_t i, const char **out_key, const char **out_default,
                   const char **out_meaning);

/* Is the IMSI (packed) of a home network? Of a machine subscription? */
bool rules_is_home(const struct rules *rules, uint64_t imsi);
bool rules_is_machine_imsi(const struct rules *rules, uint64_t imsi);

#endif
