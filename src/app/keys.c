/* SPDX-License-Identifier: Apache-2.0 */
#include "app/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"

enum { MASTER_BYTES = 32, FILE_BYTES = 36, PATH_BYTES = 4096 };
static const uint8_t magic[4] = {'T', 'G', 'K', 'Y'};

static void derive(const uint8_t master[MASTER_BYTES], struct register_keys *out)
{
    uint8_t seed[SHA256_BYTES];
    sha256_hmac(master, "party", 5, out->party);
    sha256_hmac(master, "subscriber", 10, out->subscriber);
    sha256_hmac(master, "check", 5, out->check);
    sha256_hmac(master, "api", 3, out->api);
    sha256_hmac(master, "seal", 4, out->seal);
    sha256_hmac(master, "mark", 4, out->mark);
    sha256_hmac(master, "session", 7, out->session);
    sha256_hmac(master, "receipt", 7, out->receipt);
    sha256_hmac(master, "paper", 5, out->paper);
    sha256_hmac(master, "people 1", 8, out->people.key[0]);
    out->people.number[0] = 1;
    out->people.count = 1;
    sha256_hmac(master, "sign", 4, seed);
    (void)crypto_sign_seed_keypair(out->sign.public_key, out->sign.secret_key, seed);
    sodium_memzero(seed, sizeof seed);
}

static enum err cannot_make(const char *path, int failed, struct fault *fault)
{
    return fault_set(fault, failed == ENOSPC ? ERR_STORE_FULL : ERR_STORE_KEY,
                     "cannot make the key file %s: %s", path, strerror(failed));
}

/* Written under a name of its own and then linked: nobody sees half a key, and the first of two
 * processes that make the register at once makes the key of both. The name is synced, too: a register
 * without its key names nobody. */
static enum err write_file(const char *path, const uint8_t master[MASTER_BYTES],
                           struct fault *fault)
{
    char draft[PATH_BYTES];
    uint8_t bytes[FILE_BYTES];
    file_make_directory(path);
    if (snprintf(draft, sizeof draft, "%s.XXXXXX", path) >= (int)sizeof draft)
        return cannot_make(path, ENAMETOOLONG, fault);
    int fd = mkostemp(draft, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return cannot_make(path, errno, fault);
    memcpy(bytes, magic, sizeof magic);
    memcpy(bytes + sizeof magic, master, MASTER_BYTES);
    errno = ENOSPC; /* what a short write means */
    bool ok = write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes && fsync(fd) == 0 &&
              (link(draft, path) == 0 || errno == EEXIST);
    int failed = errno;
    close(fd);
    unlink(draft);
    sodium_memzero(bytes, sizeof bytes);
    if (ok && !file_sync_directory(path)) {
        ok = false;
        failed = errno;
    }
    return ok ? ERR_OK : cannot_make(path, failed, fault);
}

static enum err create_file(const char *path, struct fault *fault)
{
    uint8_t master[MASTER_BYTES];
    if (access(path, F_OK) == 0)
        return ERR_OK;
    randombytes_buf(master, sizeof master);
    enum err err = write_file(path, master, fault);
    sodium_memzero(master, sizeof master);
    return err;
}

static enum err read_file(const char *path, uint8_t out[MASTER_BYTES], struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fault_set(fault, ERR_STORE_KEY, "cannot open the register's key file %s: %s", path,
                         strerror(errno));
    uint8_t bytes[FILE_BYTES + 1];
    struct stat st;
    ssize_t n = fstat(fd, &st) == 0 ? read(fd, bytes, sizeof bytes) : -1;
    close(fd);
    if (n < 0 || !S_ISREG(st.st_mode))
        return fault_set(fault, ERR_STORE_KEY, "cannot read the register's key file %s", path);
    if (st.st_mode & 077)
        return fault_set(fault, ERR_STORE_KEY,
                         "the key file %s is open to others: chmod 600 and ask who read it", path);
    if (n != FILE_BYTES || memcmp(bytes, magic, sizeof magic) != 0)
        return fault_set(fault, ERR_STORE_KEY, "%s is not a register's key file", path);
    memcpy(out, bytes + sizeof magic, MASTER_BYTES);
    sodium_memzero(bytes, sizeof bytes);
    return ERR_OK;
}

enum err keys_load(const char *file, bool create, struct register_keys *out, struct fault *fault)
{
    uint8_t master[MASTER_BYTES];
    enum err err = ERR_OK;
    if (sodium_init() < 0)
        return fault_set(fault, ERR_STORE_KEY, "libsodium does not start");
    if (!file) {
        randombytes_buf(master, sizeof master);
    } else {
        err = create ? create_file(file, fault) : ERR_OK;
        if (!err)
            err = read_file(file, master, fault);
    }
    if (!err)
        derive(master, out);
    sodium_memzero(master, sizeof master);
    return err;
}

enum err keys_copy(const char *from, const char *to, struct fault *fault)
{
    uint8_t master[MASTER_BYTES], there[MASTER_BYTES];
    enum err err = read_file(from, master, fault);
    if (!err)
        err = write_file(to, master, fault);
    if (!err)
        err = read_file(to, there, fault);
    if (!err && sodium_memcmp(master, there, sizeof master) != 0)
        err = fault_set(fault, ERR_STORE_KEY, "%s is another register's key", to);
    sodium_memzero(master, sizeof master);
    sodium_memzero(there, sizeof there);
    return err;
}

void keys_mark(const struct register_keys *keys, const uint8_t register_id[REGISTER_ID_BYTES],
               char out[KEYS_MARK + 1])
{
    uint8_t mac[SHA256_BYTES];
    sha256_hmac(keys->mark, register_id, REGISTER_ID_BYTES, mac);
    snprintf(out, KEYS_MARK + 1, "key %016llx", (unsigned long long)get_be(mac, 8));
}
