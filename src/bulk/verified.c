/* SPDX-License-Identifier: Apache-2.0
 *
 * Three passes: read the rows into devices; sort their changes and look for an IMEI that stands
 * twice; look at the facts for what an approval must not do. Only then is anything written. */
#include "bulk/verified.h"

#include <stdlib.h>

#include "app/verify.h"
#include "core/iin.h"

enum { COLUMNS = 2 * LIMIT_DEVICE_IMEIS, LOOK_AT = 4096 };

static const char *const columns[COLUMNS] = {"imei1", "imei2", "imei3", "imei4",
                                             "old1",  "old2",  "old3",  "old4"};

/* Where an IMEI of the file stands. */
struct place {
    struct imei imei;
    uint32_t device; /* number of the row read, from 0 */
    uint8_t column;  /* position in columns */
};

/* What is kept of a row beside its device. */
struct origin {
    uint64_t line;
    uint8_t filled; /* bit i: columns[i] had a value */
    bool bad;       /* rejected */
};

struct reading {
    struct registry *reg;
    const struct load_options *options;
    struct approving how;
    struct device *devices;
    struct origin *origins;
    uint32_t in_file[COLUMNS]; /* where the columns stand in the file, from 1 */
    size_t count, size;
    struct rejects rejects;
    struct load_result *result;
};

static enum err keep(struct reading *r, const struct device *device, const struct origin *origin)
{
    if (r->count == r->size) {
        size_t size = r->size ? 2 * r->size : 1024;
        struct device *devices = realloc(r->devices, size * sizeof *devices);
        if (devices)
            r->devices = devices;
        struct origin *origins = realloc(r->origins, size * sizeof *origins);
        if (origins)
            r->origins = origins;
        if (!devices || !origins)
            return ERR_MEMORY;
        r->size = size;
    }
    r->origins[r->count] = *origin;
    r->devices[r->count++] = *device;
    return ERR_OK;
}

static const char *advice(enum err err)
{
    switch ((int)err) {
    case ERR_IMEI_MISTYPED:
        return "the check digit does not fit: one digit is mistyped";
    case ERR_DUPLICATE_IN_FILE:
        return "this IMEI stands twice in the file: keep one";
    case ERR_NOT_NEW:
        return "a repair's new IMEI must be unused and on no list";
    case ERR_NOT_REPAIRABLE:
        return "an old IMEI that is black or unknown needs an officer";
    default:
        return "an IMEI has 14, 15 or 16 digits";
    }
}

/* Reads the IMEIs of one row. On a bad one fills bad and returns its error. */
static enum err read_device(const struct csv *csv, const struct csv_row *row, bool repair,
                            struct device *out, struct origin *origin, struct fault *bad)
{
    for (uint32_t i = 0; i < COLUMNS; i++) {
        struct str field = row->fields[i];
        bool old = i >= LIMIT_DEVICE_IMEIS;
        if (!field.p || !field.n || (old && !repair))
            continue;
        struct imei imei;
        enum err err = imei_parse_typed(field, &imei);
        if (err) {
            csv_where(csv, row, i, bad);
            return fault_set(bad, err, "%s", advice(err));
        }
        origin->filled |= (uint8_t)(1u << i);
        if (old)
            out->old[out->old_count++] = imei;
        else
            out->imeis[out->count++] = imei;
    }
    if (repair && !out->old_count) {
        csv_where(csv, row, 0, bad);
        return fault_set(bad, ERR_FILE_COLUMN,
                         "a repair names the IMEIs that were taken out, in old1..old4");
    }
    return ERR_OK;
}

static enum err take_row(void *ctx, const struct csv *csv, const struct csv_row *row,
                         const struct fault *bad)
{
    struct reading *r = ctx;
    struct fault fault = {0};
    struct device device = {0};
    struct origin origin = {.line = row->line};
    if (bad)
        return rejects_add(&r->rejects, row->text, bad);
    if (read_device(csv, row, r->how.kind == APPROVAL_REPAIR, &device, &origin, &fault))
        return rejects_add(&r->rejects, row->text, &fault);
    for (uint32_t i = 0; !r->count && i < COLUMNS; i++) {
        csv_where(csv, row, i, &fault);
        r->in_file[i] = fault.column;
    }
    return keep(r, &device, &origin);
}

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->imei.body != y->imei.body)
        return x->imei.body < y->imei.body ? -1 : 1;
    return x->device < y->device ? -1 : x->device > y->device;
}

static struct place *places_of(const struct reading *r, size_t *out_count)
{
    struct place *places = malloc((r->count * COLUMNS + 1) * sizeof *places);
    size_t n = 0;
    for (size_t d = 0; places && d < r->count; d++) {
        const struct device *device = &r->devices[d];
        unsigned imeis = 0, olds = 0;
        for (uint8_t i = 0; i < COLUMNS; i++)
            if (r->origins[d].filled >> i & 1)
                places[n++] = (struct place){i < LIMIT_DEVICE_IMEIS ? device->imeis[imeis++]
                                                                    : device->old[olds++],
                                             (uint32_t)d, i};
    }
    if (places)
        qsort(places, n, sizeof *places, by_place);
    *out_count = n;
    return places;
}

/* The IMEIs of a row whose text is no longer there. */
static void rebuild_row(const struct device *device, struct buf *out)
{
    char text[IMEI_TEXT15];
    for (unsigned i = 0; i < device->count; i++) {
        imei_format15(device->imeis[i], text);
        buf_printf(out, "%s%s", out->n ? "," : "", text);
    }
    for (unsigned i = 0; i < device->old_count; i++) {
        imei_format15(device->old[i], text);
        buf_printf(out, ",%s", text);
    }
}

/* other: where it stands already, NULL = nowhere. */
static enum err reject_place(struct reading *r, const struct place *p, enum err why,
                             const struct place *other)
{
    struct origin *origin = &r->origins[p->device];
    struct fault bad = {.line = origin->line, .column = r->in_file[p->column]};
    char text[IMEI_TEXT15];
    if (origin->bad)
        return ERR_OK;
    origin->bad = true;
    str_copy(bad.file, sizeof bad.file, str_z(r->options->path));
    imei_format15(p->imei, text);
    fault_value(&bad, text, sizeof text - 1);
    if (other)
        fault_set(&bad, why, "%s (line %llu)", advice(why),
                  (unsigned long long)r->origins[other->device].line);
    else
        fault_set(&bad, why, "%s", advice(why));
    struct buf row = {0};
    rebuild_row(&r->devices[p->device], &row);
    enum err err = row.failed ? ERR_MEMORY
                              : rejects_add(&r->rejects, (struct str){(char *)row.p, row.n}, &bad);
    buf_release(&row);
    return err;
}

static enum err find_twins(struct reading *r, const struct place *places, size_t n)
{
    enum err err = ERR_OK;
    for (size_t i = 1; !err && i < n; i++)
        if (places[i].imei.body == places[i - 1].imei.body)
            err = reject_place(r, &places[i], ERR_DUPLICATE_IN_FILE, &places[i - 1]);
    return err;
}

static enum err look_at(struct reading *r, const struct place *places, size_t n,
                        struct facts_row *rows, struct fault *fault)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (!count || rows[count - 1].imei.body != places[i].imei.body)
            rows[count++].imei = places[i].imei;
    enum err err = store_facts_get(r->reg->store, rows, count, fault);
    for (size_t i = 0, k = 0; !err && i < n; i++) {
        k += rows[k].imei.body != places[i].imei.body;
        bool old = places[i].column >= LIMIT_DEVICE_IMEIS; /* check_old's */
        enum err why = old ? ERR_OK : verify_allowed(&r->how, &rows[k].facts);
        /* Of two parties' approvals the later stands, in whatever order their files come. */
        if (why && why != ERR_VERIFIED_OTHER)
            err = reject_place(r, &places[i], why, NULL);
    }
    return err;
}

static enum err check_facts(struct reading *r, const struct place *places, size_t n,
                            struct fault *fault)
{
    struct facts_row *rows = malloc(LOOK_AT * sizeof *rows);
    enum err err = rows ? ERR_OK : ERR_MEMORY;
    for (size_t at = 0; !err && at < n; at += LOOK_AT)
        err = look_at(r, places + at, n - at < LOOK_AT ? n - at : LOOK_AT, rows, fault);
    free(rows);
    return err;
}

/* A repair's old IMEIs, device by device. */
static enum err check_old(struct reading *r, struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < r->count; i++) {
        struct place place = {.device = (uint32_t)i, .column = LIMIT_DEVICE_IMEIS};
        err = verify_prepare(r->reg, &r->how, &r->devices[i], &place.imei, fault);
        if (err == ERR_NOT_REPAIRABLE)
            err = reject_place(r, &place, ERR_NOT_REPAIRABLE, NULL);
    }
    return err;
}

static enum err check(struct reading *r, struct fault *fault)
{
    size_t n = 0;
    struct place *places = places_of(r, &n);
    enum err err = places ? find_twins(r, places, n) : ERR_MEMORY;
    if (!err)
        err = check_facts(r, places, n, fault);
    if (!err)
        err = check_old(r, fault);
    free(places);
    return err;
}

static enum err apply(struct reading *r, const struct load *load, struct fault *fault)
{
    struct changes list = {0};
    for (size_t i = 0; i < r->count; i++)
        if (!r->origins[i].bad)
            verify_changes(&r->how, &r->devices[i], &list);
    char label[BATCH_LABEL_MAX];
    snprintf(label, sizeof label, "import verified --kind %s %s", approval_kind_name(r->how.kind),
             r->options->path);
    struct batch_plan plan = {
        .entry = {.event = r->how.kind == APPROVAL_REPAIR ? EVENT_REPAIRED : EVENT_VERIFIED,
                  .ground = r->how.kind,
                  .party = r->how.party},
        .label = label,
        .needs_second = true,
        .load = load,
        .progress = r->options->progress,
        .progress_ctx = r->options->progress_ctx,
        .stop = r->options->stop};
    enum err err = changes_sort(&list);
    plan.source = changes_source(&list);
    if (!err)
        err = batch_run(r->reg, &plan, &r->result->batch, fault);
    changes_release(&list);
    return err;
}

/* The same file for the same party, kind and time has no effect. */
static enum err known(struct reading *r, const struct verified_options *how,
                      const uint8_t file[SHA256_BYTES], struct load *load, struct fault *fault)
{
    char as[96];
    snprintf(as, sizeof as, "verified %d %lld %.*s", how->kind, (long long)how->at,
             STR_ARG(how->by));
    load_key(r->reg, as, file, load->hash);
    load->rows = r->result->rows;
    enum load_before before = LOAD_NEW;
    enum err err = load_before(r->reg, load->hash, &before, fault);
    r->result->known = before == LOAD_WHOLE;
    return err;
}

static enum err run(struct reading *r, const struct verified_options *how, struct fault *fault)
{
    struct csv_options csv_options = {.path = r->options->path,
                                      .columns = columns,
                                      .column_count = COLUMNS,
                                      .required = 1,
                                      .hash = true};
    struct csv *csv = NULL;
    struct load load = {.kind = "verified"};
    uint8_t file[SHA256_BYTES];
    enum err err = csv_open(&csv_options, &csv, fault);
    if (!err)
        err = load_each(csv, r->options, take_row, r, &r->result->rows, fault);
    if (!err && r->result->rows == 0)
        err = fault_set(fault, ERR_FILE_EMPTY, "%s holds no device", r->options->path);
    if (!err) {
        csv_hash(csv, file);
        err = known(r, how, file, &load, fault);
    }
    r->result->bytes = csv ? csv_bytes(csv, NULL) : 0;
    csv_close(csv);
    if (!err && !r->result->known)
        err = check(r, fault);
    enum err ended = rejects_end(&r->rejects, err && !rejects_failed(err) ? NULL : fault);
    r->result->bad = r->rejects.count;
    memcpy(r->result->beside, r->rejects.beside_path, sizeof r->result->beside);
    if (!err)
        err = ended;
    if (!err && r->result->rows == r->result->bad)
        err = rejects_all(&r->rejects, fault);
    if (r->result->bad)
        load_left_out(&load);
    return err || r->result->known ? err : apply(r, &load, fault);
}

enum err import_verified(struct registry *reg, const struct load_options *options,
                         const struct verified_options *how, struct load_result *out,
                         struct fault *fault)
{
    struct reading r = {.reg = reg,
                        .options = options,
                        .how = {.kind = how->kind, .at = how->at},
                        .rejects = {.options = options},
                        .result = out};
    *out = (struct load_result){0};
    if (r.how.at == INSTANT_NONE)
        r.how.at = clock_now_us(reg->clock) / 1000000;
    enum err err = iin_check(how->by, fault);
    if (!err)
        err = registry_party(reg, PARTY_PERSON, how->by, &r.how.party, fault);
    if (!err)
        err = run(&r, how, fault);
    free(r.devices);
    free(r.origins);
    return err;
}
