/* SPDX-License-Identifier: Apache-2.0 */
#include "app/registry.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/audit.h"
#include "app/batch.h"
#include "app/keys.h"

enum { GROUND_DRILL = 1 }; /* of the first entry: made under a held clock */

/* The first block: the register was made, rule set 1, and a gate that stands on yesterday. */
static enum err create(struct registry *reg, struct fault *fault)
{
    struct rules rules;
    rules_init(&rules);
    struct buf text = {0}, item = {0}, body = {0};
    rules_format(&rules, &text);
    enum err err = zone_load(rules.zone, &reg->zone, fault);
    int64_t now_us = clock_now_us(reg->clock);
    daynum today = zone_day(&reg->zone, now_us / 1000000);
    struct gate gate = {.expire_through = today - 1, .swept_through = today};
    bool drill = reg->clock != &clock_system;
    struct entry entry = {.event = EVENT_CREATED,
                          .ground = drill ? GROUND_DRILL : 0,
                          .time_ms = now_us / 1000,
                          .effective = today,
                          .document_n = KEYS_MARK};
    char mark[KEYS_MARK + 1];
    keys_mark(&reg->keys, reg->head.register_id, mark);
    memcpy(entry.document, mark, KEYS_MARK);
    item_encode_entry(&entry, &item);
    buf_varint(&body, item.n);
    buf_put(&body, item.p, item.n);
    buf_clear(&item);
    item_encode_rules(1, (struct str){(char *)text.p, text.n}, &item);
    buf_varint(&body, item.n);
    buf_put(&body, item.p, item.n);
    buf_clear(&item);
    item_encode_gate(&gate, &item);
    buf_varint(&body, item.n);
    buf_put(&body, item.p, item.n);
    struct block block = {
        .header = {.first_seq = 1,
                   .item_count = 3,
                   .body_bytes = (uint32_t)body.n,
                   .written_us = now_us,
                   .rules = 1,
                   .gate = gate},
        .body = {(const char *)body.p, body.n},
    };
    memcpy(block.prev_hash, reg->head.register_id, REGISTER_ID_BYTES);
    if (!err && (text.failed || item.failed || body.failed))
        err = ERR_MEMORY;
    if (!err)
        err = store_rules_put(reg->store, 1, (struct str){(char *)text.p, text.n}, fault);
    if (!err)
        err = block_seal(reg->sha, &block);
    if (!err)
        err = store_block_append(reg->store, &block, fault);
    buf_release(&text);
    buf_release(&item);
    buf_release(&body);
    return err;
}

/* A register that is only half here, or not here any more, is neither read nor written. */
static enum err stands_here(const struct registry *reg, struct fault *fault)
{
    if (!reg->head.moving)
        return ERR_OK;
    return fault_set(fault, ERR_STORE_OPEN, "%s",
                     reg->head.moving == STORE_MOVED
                         ? "this register was moved away: it stands elsewhere now; ask who moved it"
                         : "a move into this register was cut short: the same `tamga db move` "
                           "again goes on with it");
}

static enum err create_if_new(struct registry *reg, struct fault *fault)
{
    enum err err = store_write_begin(reg->store, fault);
    if (!err)
        err = store_head(reg->store, &reg->head, fault); /* another process may have been first */
    if (!err)
        err = stands_here(reg, fault);
    if (!err && reg->head.next_seq == 1)
        err = create(reg, fault);
    if (!err)
        err = store_write_commit(reg->store, fault);
    if (err)
        store_write_rollback(reg->store);
    return err ? err : store_head(reg->store, &reg->head, fault);
}

/* What the head or the rules name must stand in the store: missing, the store is damaged. */
static enum err must_stand(enum err err, const char *what, uint32_t number, struct fault *fault)
{
    return err == ERR_NOT_FOUND
               ? fault_set(fault, ERR_STORE, "%s %u is missing from the register", what, number)
               : err;
}

enum err registry_tac_list(struct registry *reg, uint32_t number, struct tac_table **out,
                           struct fault *fault)
{
    struct buf packed = {0};
    enum err err = store_tac_list_get(reg->store, number, &packed, fault);
    err = must_stand(err, "TAC list", number, fault);
    if (!err)
        err = tac_table_new(packed.p, packed.n, out);
    buf_release(&packed);
    return err;
}

/* What the rules need beside their text: the zone and the list of models. All of it or nothing is
 * taken over, so that a failure in between leaves no set that is judged with another's list. */
static enum err take_rules(struct registry *reg, struct rules *rules, struct fault *fault)
{
    struct zone zone = reg->zone;
    struct tac_table *table = NULL;
    bool new_list = rules->tac_list != reg->rules.tac_list;
    enum err err = ERR_OK;
    if (!str_eq(str_z(rules->zone), str_z(zone.name)))
        err = zone_load(rules->zone, &zone, fault);
    if (!err && new_list && rules->tac_list && !reg->no_tac)
        err = registry_tac_list(reg, rules->tac_list, &table, fault);
    if (err)
        return err;
    if (new_list) {
        tac_table_free(reg->tac);
        reg->tac = table;
    }
    reg->zone = zone;
    rules->tac = reg->tac;
    reg->rules = *rules;
    return ERR_OK;
}

enum err registry_refresh(struct registry *reg, struct fault *fault)
{
    enum err err = store_head(reg->store, &reg->head, fault);
    if (!err)
        err = stands_here(reg, fault);
    if (err)
        return err;
    keys_look(reg);
    if (reg->head.rules == reg->rules.number)
        return ERR_OK;
    struct buf text = {0};
    struct rules rules;
    err = store_rules_get(reg->store, reg->head.rules, &text, fault);
    err = must_stand(err, "rule set", reg->head.rules, fault);
    if (err == ERR_NOT_FOUND)
        err = fault_set(fault, ERR_CHAIN, "the head names rule set %u, which does not stand",
                        reg->head.rules);
    if (!err && rules_parse((struct str){(char *)text.p, text.n}, &rules, fault))
        err = fault_set(fault, ERR_CHAIN, "rule set %u cannot be read: it was changed",
                        reg->head.rules);
    buf_release(&text);
    rules.number = reg->head.rules;
    return err ? err : take_rules(reg, &rules, fault);
}

/* A register that was made under a held clock is a drill: its first entry says so. Any other lives
 * by the machine's clock alone: one drill on it could move the gate by years. */
static enum err check_clock(struct registry *reg, struct fault *fault)
{
    struct entry first;
    if (reg->clock == &clock_system || !reg->writes)
        return ERR_OK;
    enum err err = audit_entry(reg, 1, &first, fault);
    if (!err && first.ground != GROUND_DRILL)
        err = fault_set(fault, ERR_USAGE,
                        "this register lives by the machine's clock; a held one (--now, TAMGA_NOW) "
                        "may only read it, and write to registers that were made under it");
    return err;
}

/* Reads or makes the register's key. A key is made with a register, never for one that stands. */
static enum err open_key(struct registry *reg, const char *file, bool new, struct fault *fault)
{
    const char *path = store_path(reg->store);
    if (file || path) {
        int n = asprintf(&reg->key_path, "%s%s", file ? file : path, file ? "" : ".key");
        if (n < 0) {
            reg->key_path = NULL;
            return fault_set(fault, ERR_MEMORY, "%s", file ? file : path);
        }
    }
    reg->keys_looked_us = clock_monotonic_us();
    return keys_load(reg->key_path, new, &reg->keys, &reg->key_stamp, fault);
}

struct first_block {
    struct registry *reg;
    bool whole;
};

static bool look_at_first(void *ctx, const struct block *block)
{
    struct first_block *first = ctx;
    uint8_t before[SHA256_BYTES] = {0};
    memcpy(before, first->reg->head.register_id, REGISTER_ID_BYTES);
    first->whole = block_verify(first->reg->sha, block, before, 1, NULL) == ERR_OK;
    return false;
}

/* Of two machines that make a register at once, or with a file taken for another, one may hold a key
 * that is not this register's. Registers from before the mark have none. Where the first block itself
 * was changed it says nothing of the key: `journal verify` says what is wrong there. */
static enum err check_key(struct registry *reg, const char *file, struct fault *fault)
{
    struct entry first;
    char mark[KEYS_MARK + 1];
    struct fault why = {0};
    enum err err = audit_entry(reg, 1, &first, &why);
    if (err == ERR_CHAIN || err == ERR_CODEC || (!err && first.document_n != KEYS_MARK))
        return ERR_OK;
    if (err && fault)
        *fault = why;
    keys_mark(&reg->keys, reg->head.register_id, mark);
    if (err || memcmp(first.document, mark, KEYS_MARK) == 0)
        return err;
    struct first_block block = {.reg = reg};
    err = store_blocks(reg->store, 1, look_at_first, &block, fault);
    if (err || !block.whole)
        return err;
    return fault_set(fault, ERR_STORE_KEY,
                     "%s is the key of another register: take the file of the machine on which "
                     "this one was made (--key FILE)",
                     file ? file : "the file beside it");
}

static enum err open_on(struct registry *reg, const char *key, struct fault *fault)
{
    enum err err = store_head(reg->store, &reg->head, fault);
    bool new = !err && reg->head.next_seq == 1;
    if (!err)
        err = stands_here(reg, fault);
    if (!err && new && !reg->writes)
        err = fault_set(fault, ERR_STORE_MISSING, "the register is empty: nothing was made in it");
    if (!err)
        err = open_key(reg, key, new, fault);
    if (!err && new)
        err = create_if_new(reg, fault);
    if (!err)
        err = check_key(reg, key, fault);
    if (!err)
        err = keys_ring_fit(reg->store, &reg->keys, fault);
    if (!err)
        err = registry_refresh(reg, fault);
    if (!err)
        err = check_clock(reg, fault);
    if (!err && reg->actor_name[0])
        reg->actor = registry_party_id(reg, PARTY_ACCOUNT, str_z(reg->actor_name));
    return err;
}

static struct registry *registry_blank(const struct clock *clock, bool writes)
{
    struct registry *reg = calloc(1, sizeof *reg);
    if (!reg)
        return NULL;
    reg->sha = sha256_new();
    if (!reg->sha) {
        free(reg);
        return NULL;
    }
    reg->clock = clock;
    reg->writes = writes;
    return reg;
}

enum err registry_open(const struct registry_options *options, struct registry **out,
                       struct fault *fault)
{
    struct registry *reg = registry_blank(options->clock, options->write);
    if (!reg)
        return ERR_MEMORY;
    reg->no_tac = options->no_tac && !options->write; /* a writer may have a batch to finish */
    str_copy(reg->actor_name, sizeof reg->actor_name, str_z(options->actor));
    enum err err =
        store_open(options->url, options->write ? STORE_WRITE : STORE_READ, &reg->store, fault);
    if (!err) {
        store_on_wait(reg->store, options->on_wait, options->on_wait_ctx);
        err =
            !options->key && !store_path(reg->store) && !str_eq(str_z(options->url), STR("memory:"))
                ? fault_set(fault, ERR_STORE_KEY, "name this register's key file: --key FILE")
                : open_on(reg, options->key, fault);
    }
    uint64_t finished;
    if (!err && options->write)
        err = batch_recover(reg, &finished, fault);
    if (err) {
        registry_close(reg);
        return err;
    }
    *out = reg;
    return ERR_OK;
}

enum err registry_again(struct registry *reg, struct registry **out, struct fault *fault)
{
    struct registry *twin = registry_blank(reg->clock, reg->writes);
    if (!twin)
        return ERR_MEMORY;
    twin->keys = reg->keys;
    twin->key_stamp = reg->key_stamp;
    twin->keys_looked_us = reg->keys_looked_us;
    twin->key_path = reg->key_path ? strdup(reg->key_path) : NULL;
    if (reg->key_path && !twin->key_path) {
        registry_close(twin);
        return ERR_MEMORY;
    }
    twin->actor = reg->actor;
    twin->no_tac = reg->no_tac;
    memcpy(twin->actor_name, reg->actor_name, sizeof twin->actor_name);
    enum err err = store_again(reg->store, &twin->store, fault);
    if (!err)
        err = registry_refresh(twin, fault);
    if (err) {
        registry_close(twin);
        return err;
    }
    *out = twin;
    return ERR_OK;
}

void registry_close(struct registry *reg)
{
    if (!reg)
        return;
    store_close(reg->store);
    free(reg->key_path);
    tac_table_free(reg->tac);
    sha256_free(reg->sha);
    free(reg);
}

daynum registry_today(const struct registry *reg)
{
    return zone_day(&reg->zone, clock_now_us(reg->clock) / 1000000);
}

/* ---- parties ---- */

uint64_t registry_party_id(const struct registry *reg, enum party_kind kind, struct str name)
{
    uint8_t text[1 + LIMIT_NAME], mac[SHA256_BYTES];
    size_t n = name.n < LIMIT_NAME ? name.n : LIMIT_NAME;
    text[0] = (uint8_t)kind;
    memcpy(text + 1, name.p, n);
    sha256_hmac(reg->keys.party, text, n + 1, mac);
    uint64_t id = get_be(mac, 8) >> 1;
    return id ? id : 1;
}

enum err registry_party(struct registry *reg, enum party_kind kind, struct str name, uint64_t *out,
                        struct fault *fault)
{
    if (!name.n || name.n > LIMIT_NAME || !str_printable(name)) {
        fault_value(fault, name.p, name.n);
        return fault_set(
            fault, ERR_NAME,
            "a name is 1 to %d bytes of plain UTF-8: no line ends, no controls or marks "
            "that hide text, no blanks at its ends",
            LIMIT_NAME);
    }
    struct party party = {.id = registry_party_id(reg, kind, name), .kind = (uint8_t)kind};
    if (kind != PARTY_PERSON)
        str_copy(party.name, sizeof party.name, name);
    struct party known;
    enum err err = store_party_get(reg->store, party.id, &known, fault);
    if (err == ERR_NOT_FOUND)
        err = store_party_put(reg->store, &party, fault);
    if (!err)
        *out = party.id;
    return err;
}

/* ---- one check by the facts row ---- */

enum err registry_check(struct registry *reg, struct imei imei, struct verdict *out,
                        struct facts *out_facts, struct fault *fault)
{
    struct facts_row row = {.imei = imei};
    enum err err = store_facts_get(reg->store, &row, 1, fault);
    if (err)
        return err;
    *out = policy_judge_gated(imei, &row.facts, &reg->rules, registry_today(reg),
                              reg->head.gate.expire_through);
    if (out_facts)
        *out_facts = row.facts;
    return ERR_OK;
}
