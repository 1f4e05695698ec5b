/* SPDX-License-Identifier: Apache-2.0 */
#include "app/intake.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* A list of bad rows that can be asked for. */
struct kept {
    char operator_name[LIMIT_NAME + 1];
    char id[INTAKE_ID];
    struct shut_file *rows; /* NULL: the place is free */
    uint64_t number;        /* the newest is the greatest */
};

struct intake {
    struct intake_options options;
    char *directory;
    atomic_int stop;
    pthread_mutex_t turn; /* of the one load */
    pthread_mutex_t lock; /* guards what follows */
    struct intake_upload *uploads;
    struct intake_look *looks;
    uint64_t number;
    struct kept kept[LIMIT_INTAKE_LISTS];
};

struct intake_upload {
    struct intake *intake;
    struct intake_upload *next;
    char operator_name[LIMIT_NAME + 1];
    struct shut_file *rows;
};

enum err intake_new(const struct intake_options *options, struct intake **out)
{
    struct intake *in = calloc(1, sizeof *in);
    if (!in)
        return ERR_MEMORY;
    in->options = *options;
    in->directory = strdup(options->directory);
    if (!in->directory) {
        free(in);
        return ERR_MEMORY;
    }
    pthread_mutex_init(&in->turn, NULL);
    pthread_mutex_init(&in->lock, NULL);
    *out = in;
    return ERR_OK;
}

void intake_stop(struct intake *in)
{
    if (in)
        in->stop = 1;
}

void intake_free(struct intake *in)
{
    if (!in)
        return;
    for (size_t i = 0; i < LIMIT_INTAKE_LISTS; i++)
        shut_file_free(in->kept[i].rows);
    pthread_mutex_destroy(&in->turn);
    pthread_mutex_destroy(&in->lock);
    free(in->directory);
    free(in);
}

/* ---- uploads ---- */

static enum err take_place(struct intake *in, struct intake_upload *upload, struct fault *fault)
{
    unsigned all = 0, his = 0;
    enum err err = ERR_OK;
    pthread_mutex_lock(&in->lock);
    for (const struct intake_upload *u = in->uploads; u; u = u->next) {
        all++;
        his += strcmp(u->operator_name, upload->operator_name) == 0;
    }
    if (in->stop)
        err = fault_set(fault, ERR_STOPPED, "the server ends");
    else if (all >= LIMIT_INTAKE_UPLOADS || his >= LIMIT_INTAKE_OF_ONE)
        err = fault_set(fault, ERR_CROWDED, "other rows are coming in; come again");
    if (!err) {
        upload->next = in->uploads;
        in->uploads = upload;
    }
    pthread_mutex_unlock(&in->lock);
    return err;
}

static void leave_place(struct intake_upload *upload)
{
    struct intake *in = upload->intake;
    pthread_mutex_lock(&in->lock);
    for (struct intake_upload **at = &in->uploads; *at; at = &(*at)->next)
        if (*at == upload) {
            *at = upload->next;
            break;
        }
    pthread_mutex_unlock(&in->lock);
}

enum err intake_begin(struct intake *in, struct str operator_name, struct intake_upload **out,
                      struct fault *fault)
{
    struct intake_upload *upload = calloc(1, sizeof *upload);
    if (!upload)
        return fault_set(fault, ERR_MEMORY, "no memory for an upload");
    upload->intake = in;
    str_copy(upload->operator_name, sizeof upload->operator_name, operator_name);
    enum err err = take_place(in, upload, fault);
    if (err) {
        free(upload);
        return err;
    }
    err = shut_file_new(in->directory, LIMIT_INTAKE_BYTES, &upload->rows, fault);
    if (err)
        intake_drop(upload);
    else
        *out = upload;
    return err;
}

enum err intake_add(struct intake_upload *upload, const void *p, size_t n, struct fault *fault)
{
    return shut_file_add(upload->rows, p, n, fault);
}

void intake_drop(struct intake_upload *upload)
{
    if (!upload)
        return;
    leave_place(upload);
    shut_file_free(upload->rows);
    free(upload);
}

/* ---- lists of bad rows ---- */

/* The list takes the place of the operator's oldest where he has enough, else of the oldest of all. */
static void keep_list(struct intake *in, const struct intake_upload *upload, const char *id,
                      struct shut_file *rows)
{
    struct kept *free_one = NULL, *his = NULL, *oldest = NULL;
    unsigned of_his = 0;
    pthread_mutex_lock(&in->lock);
    for (size_t i = 0; i < LIMIT_INTAKE_LISTS; i++) {
        struct kept *k = &in->kept[i];
        const bool is_his = k->rows && strcmp(k->operator_name, upload->operator_name) == 0;
        of_his += is_his;
        if (!k->rows)
            free_one = k;
        if (is_his && (!his || k->number < his->number))
            his = k;
        if (k->rows && (!oldest || k->number < oldest->number))
            oldest = k;
    }
    struct kept *place = of_his >= LIMIT_INTAKE_LISTS_OF_ONE ? his : free_one ? free_one : oldest;
    shut_file_free(place->rows);
    *place = (struct kept){.rows = rows, .number = ++in->number};
    str_copy(place->operator_name, sizeof place->operator_name, str_z(upload->operator_name));
    str_copy(place->id, sizeof place->id, str_z(id));
    pthread_mutex_unlock(&in->lock);
}

struct intake_look {
    struct intake *intake;
    struct intake_look *next;
    char operator_name[LIMIT_NAME + 1];
    struct shut_view *view;
    uint64_t bytes;
};

static struct kept *find_list(struct intake *in, const struct intake_asker *asker)
{
    struct kept *found = NULL;
    for (size_t i = 0; i < LIMIT_INTAKE_LISTS; i++) {
        struct kept *k = &in->kept[i];
        if (k->rows && str_eq(asker->operator_name, str_z(k->operator_name)) &&
            (!asker->id.n || str_eq(asker->id, str_z(k->id))) &&
            (!found || k->number > found->number))
            found = k;
    }
    return found;
}

/* Under the lock: no byte is read here. */
static enum err hold_list(struct intake *in, const struct intake_asker *asker,
                          struct intake_look *look, struct fault *fault)
{
    unsigned all = 0, his = 0;
    const struct kept *found = find_list(in, asker);
    if (!found)
        return ERR_NOT_FOUND;
    for (const struct intake_look *l = in->looks; l; l = l->next) {
        all++;
        his += strcmp(l->operator_name, found->operator_name) == 0;
    }
    if (all >= LIMIT_INTAKE_LOOKS || his >= LIMIT_INTAKE_LOOKS_OF_ONE)
        return fault_set(fault, ERR_CROWDED, "other lists are being read; come again");
    enum err err = shut_view_new(found->rows, &look->view);
    if (err)
        return fault_set(fault, err, "no memory for a list");
    look->bytes = shut_file_bytes(found->rows);
    str_copy(look->operator_name, sizeof look->operator_name, str_z(found->operator_name));
    look->next = in->looks;
    in->looks = look;
    return ERR_OK;
}

enum err intake_look(struct intake *in, const struct intake_asker *asker, struct intake_look **out,
                     struct fault *fault)
{
    struct intake_look *look = calloc(1, sizeof *look);
    if (!look)
        return fault_set(fault, ERR_MEMORY, "no memory for a list");
    look->intake = in;
    pthread_mutex_lock(&in->lock);
    enum err err = hold_list(in, asker, look, fault);
    pthread_mutex_unlock(&in->lock);
    if (err) {
        free(look);
        return err;
    }
    if (in->options.looked)
        err = in->options.looked(in->options.ctx, asker, look->bytes, fault);
    if (err)
        intake_look_end(look);
    else
        *out = look;
    return err;
}

uint64_t intake_look_bytes(const struct intake_look *look)
{
    return look->bytes;
}

enum err intake_look_read(struct intake_look *look, uint64_t at, void *to, size_t n, size_t *out_n)
{
    return shut_view_read(look->view, at, to, n, out_n, NULL);
}

void intake_look_end(struct intake_look *look)
{
    if (!look)
        return;
    struct intake *in = look->intake;
    pthread_mutex_lock(&in->lock);
    for (struct intake_look **at = &in->looks; *at; at = &(*at)->next)
        if (*at == look) {
            *at = look->next;
            break;
        }
    pthread_mutex_unlock(&in->lock);
    shut_view_free(look->view);
    free(look);
}

/* ---- a load ---- */

static ssize_t write_bad(void *cookie, const char *p, size_t n)
{
    return shut_file_add(cookie, p, n, NULL) ? 0 : (ssize_t)n; /* 0: an error */
}

static enum err load(struct intake_upload *upload, uint32_t key, struct shut_file *bad,
                     struct intake_result *out, struct fault *fault)
{
    struct intake *in = upload->intake;
    FILE *list = fopencookie(bad, "w", (cookie_io_functions_t){.write = write_bad});
    if (!list)
        return fault_set(fault, ERR_MEMORY, "no memory for a list of bad rows");
    const struct intake_job job = {.operator_name = upload->operator_name,
                                   .key = key,
                                   .rows = upload->rows,
                                   .bad = list,
                                   .stop = &in->stop};
    enum err err = in->stop ? fault_set(fault, ERR_STOPPED, "the server ends")
                            : in->options.load(in->options.ctx, &job, out, fault);
    bool whole = !ferror(list);
    whole = fclose(list) == 0 && whole;
    if (!err && !whole)
        err = fault_set(fault, ERR_FILE_WRITE, "the list of bad rows cannot be written");
    return err;
}

enum err intake_load(struct intake_upload *upload, uint32_t key, struct intake_result *out,
                     struct fault *fault)
{
    struct intake *in = upload->intake;
    struct shut_file *bad = NULL;
    uint64_t id;
    *out = (struct intake_result){0};
    randombytes_buf(&id, sizeof id);
    snprintf(out->id, sizeof out->id, "%016llx", (unsigned long long)id);
    enum err err = shut_file_end(upload->rows, fault);
    if (!err)
        err = shut_file_new(in->directory, 3ULL * LIMIT_BAD_ROWS_BYTES, &bad, fault);
    if (err)
        return err;
    pthread_mutex_lock(&in->turn);
    err = load(upload, key, bad, out, fault);
    pthread_mutex_unlock(&in->turn);
    enum err ended = shut_file_end(bad, NULL);
    if (!ended && shut_file_bytes(bad))
        keep_list(in, upload, out->id, bad);
    else
        shut_file_free(bad);
    return err;
}
