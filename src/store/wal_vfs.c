/* SPDX-License-Identifier: Apache-2.0
 *
 * A file opened as a WAL is wrapped: writes that continue one another gather in a buffer, and every
 * other call first puts them into the file. The register's own file is wrapped to see the writer's
 * lock go; all other files are the default layer's own.
 *
 * Nothing is seen late: another connection looks at a frame only after the commit has been told to
 * the wal-index, which with synchronous=FULL comes after xSync. A write that fails (disk full) is
 * told by the xSync or xRead that needed it, still before the commit.
 *
 * Nothing is written late: the buffer is empty whenever this connection does not hold the writer's
 * lock. Frames of a transaction that was rolled back (its cache had spilled) go into the file, where
 * no commit names them, before the lock is given up; later they would fall onto the frames that
 * another writer committed there meanwhile. */
#include "store/wal_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { GATHERED_BYTES = 120 << 10 }; /* SQLite's unix layer takes 131,071 bytes a call */

enum { WRITER_LOCK = 0 }; /* sqlite.org/walformat.html 2.3.1: WAL_WRITE_LOCK */

struct main_file;

struct wal_file {
    sqlite3_file base;
    sqlite3_file *real; /* stands right behind */
    struct main_file *main;
    uint8_t *gathered;
    bool gathers; /* false: each write goes out at once */
    int n;
    sqlite3_int64 at; /* where gathered[0] belongs */
};

/* The register's file of one connection. */
struct main_file {
    sqlite3_file base;
    sqlite3_file *real;   /* stands right behind */
    struct wal_file *wal; /* of the same connection; NULL: not open */
};

static struct wal_file *wal_of(sqlite3_file *file)
{
    return (struct wal_file *)file;
}

static int flush(struct wal_file *w)
{
    int n = w->n;
    w->n = 0; /* after a failure SQLite rolls back, and writes those frames anew */
    return n ? w->real->pMethods->xWrite(w->real, w->gathered, n, w->at) : SQLITE_OK;
}

static int wal_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    struct wal_file *w = wal_of(file);
    if (w->n && (at != w->at + w->n || n > GATHERED_BYTES - w->n)) {
        int rc = flush(w);
        if (rc)
            return rc;
    }
    if (!w->gathers || n > GATHERED_BYTES)
        return w->real->pMethods->xWrite(w->real, p, n, at);
    if (!w->n)
        w->at = at;
    memcpy(w->gathered + w->n, p, (size_t)n);
    w->n += n;
    return SQLITE_OK;
}

static int wal_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
    struct wal_file *w = wal_of(file);
    int rc = flush(w);
    return rc ? rc : w->real->pMethods->xRead(w->real, p, n, at);
}

static int wal_sync(sqlite3_file *file, int flags)
{
    struct wal_file *w = wal_of(file);
    int rc = flush(w);
    return rc ? rc : w->real->pMethods->xSync(w->real, flags);
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct wal_file *w = wal_of(file);
    int rc = flush(w);
    return rc ? rc : w->real->pMethods->xTruncate(w->real, size);
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *out)
{
    struct wal_file *w = wal_of(file);
    int rc = flush(w);
    return rc ? rc : w->real->pMethods->xFileSize(w->real, out);
}

static int wal_close(sqlite3_file *file)
{
    struct wal_file *w = wal_of(file);
    int flushed = flush(w);
    if (w->main)
        w->main->wal = NULL;
    free(w->gathered);
    int rc = w->real->pMethods->xClose(w->real);
    return rc ? rc : flushed;
}

static int wal_lock(sqlite3_file *file, int level)
{
    return wal_of(file)->real->pMethods->xLock(wal_of(file)->real, level);
}

static int wal_unlock(sqlite3_file *file, int level)
{
    return wal_of(file)->real->pMethods->xUnlock(wal_of(file)->real, level);
}

static int wal_reserved(sqlite3_file *file, int *out)
{
    return wal_of(file)->real->pMethods->xCheckReservedLock(wal_of(file)->real, out);
}

static int wal_control(sqlite3_file *file, int op, void *arg)
{
    struct wal_file *w = wal_of(file);
    int rc = flush(w);
    return rc ? rc : w->real->pMethods->xFileControl(w->real, op, arg);
}

static int wal_sector(sqlite3_file *file)
{
    return wal_of(file)->real->pMethods->xSectorSize(wal_of(file)->real);
}

static int wal_characteristics(sqlite3_file *file)
{
    return wal_of(file)->real->pMethods->xDeviceCharacteristics(wal_of(file)->real);
}

static const sqlite3_io_methods wal_methods = {
    .iVersion = 1, /* shared memory and mapping belong to the register's file */
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_reserved,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_characteristics,
};

/* --- the register's file: the default layer's, but for the writer's lock --- */

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct main_file *)file)->real;
}

static int main_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int main_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), p, n, at);
}

static int main_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xWrite(real_of(file), p, n, at);
}

static int main_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int main_sync(sqlite3_file *file, int flags)
{
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int main_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out);
}

static int main_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int main_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int main_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int main_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int main_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int main_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int main_shm_map(sqlite3_file *file, int page, int bytes, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, bytes, extend, out);
}

static int main_shm_lock(sqlite3_file *file, int from, int count, int flags)
{
    struct wal_file *wal = ((struct main_file *)file)->wal;
    bool given_up = flags == (SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE) && from <= WRITER_LOCK &&
                    WRITER_LOCK < from + count;
    if (given_up && wal)
        (void)flush(wal); /* what was committed is there since xSync: these are frames of nobody */
    return real_of(file)->pMethods->xShmLock(real_of(file), from, count, flags);
}

static void main_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int main_shm_unmap(sqlite3_file *file, int forget)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), forget);
}

static int main_fetch(sqlite3_file *file, sqlite3_int64 at, int n, void **out)
{
    return real_of(file)->pMethods->xFetch(real_of(file), at, n, out);
}

static int main_unfetch(sqlite3_file *file, sqlite3_int64 at, void *p)
{
    return real_of(file)->pMethods->xUnfetch(real_of(file), at, p);
}

static const sqlite3_io_methods main_methods = {
    .iVersion = 3,
    .xClose = main_close,
    .xRead = main_read,
    .xWrite = main_write,
    .xTruncate = main_truncate,
    .xSync = main_sync,
    .xFileSize = main_size,
    .xLock = main_lock,
    .xUnlock = main_unlock,
    .xCheckReservedLock = main_reserved,
    .xFileControl = main_control,
    .xSectorSize = main_sector,
    .xDeviceCharacteristics = main_characteristics,
    .xShmMap = main_shm_map,
    .xShmLock = main_shm_lock,
    .xShmBarrier = main_shm_barrier,
    .xShmUnmap = main_shm_unmap,
    .xFetch = main_fetch,
    .xUnfetch = main_unfetch,
};

/* --- opening --- */

static int open_main(sqlite3_vfs *under, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct main_file *m = (struct main_file *)file;
    memset(m, 0, sizeof *m);
    m->real = (sqlite3_file *)(m + 1);
    int rc = under->xOpen(under, name, m->real, flags, out);
    if (rc == SQLITE_OK && m->real->pMethods->iVersion >= main_methods.iVersion)
        m->base.pMethods = &main_methods;
    else if (m->real->pMethods)
        (void)m->real->pMethods->xClose(m->real);
    return rc == SQLITE_OK && !m->base.pMethods ? SQLITE_CANTOPEN : rc;
}

static int open_wal(sqlite3_vfs *under, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct wal_file *w = wal_of(file);
    memset(w, 0, sizeof *w);
    w->real = (sqlite3_file *)(w + 1);
    w->gathered = malloc(GATHERED_BYTES);
    int rc = w->gathered ? under->xOpen(under, name, w->real, flags, out) : SQLITE_NOMEM;
    if (rc == SQLITE_OK) {
        const sqlite3_io_methods *real = w->real->pMethods;
        /* Without that promise SQLite writes on after its sync, up to the end of a sector. */
        w->gathers = real->xDeviceCharacteristics(w->real) & SQLITE_IOCAP_POWERSAFE_OVERWRITE;
        w->main = (struct main_file *)sqlite3_database_file_object(name);
        w->main->wal = w;
        w->base.pMethods = &wal_methods;
        return rc;
    }
    if (w->gathered && w->real->pMethods)
        w->real->pMethods->xClose(w->real);
    free(w->gathered);
    return rc;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    sqlite3_vfs *under = sqlite3_vfs_find(NULL);
    if (flags & SQLITE_OPEN_WAL)
        return open_wal(under, name, file, flags, out);
    if (flags & SQLITE_OPEN_MAIN_DB)
        return open_main(under, name, file, flags, out);
    return under->xOpen(under, name, file, flags, out);
}

/* SQLite keeps the layer for as long as the process lives. */
static sqlite3_vfs layer;
static bool registered;

static void enter(void)
{
    const sqlite3_vfs *under = sqlite3_vfs_find(NULL);
    if (!under)
        return;
    layer = *under; /* its calls find what they need in our copy: path length, pAppData */
    layer.pNext = NULL;
    layer.zName = "tamga";
    layer.szOsFile = (int)sizeof(struct wal_file) + under->szOsFile; /* the larger of the two */
    layer.xOpen = vfs_open;
    registered = sqlite3_vfs_register(&layer, 0) == SQLITE_OK;
}

_Static_assert(sizeof(struct main_file) <= sizeof(struct wal_file), "szOsFile");

const char *wal_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, enter);
    return registered ? layer.zName : NULL;
}
