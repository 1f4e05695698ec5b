/* SPDX-License-Identifier: Apache-2.0 */
#include "app/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

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
    sha256_hmac(master, "sign", 4, seed);
    (void)crypto_sign_seed_keypair(out->sign.public_key, out->sign.secret_key, seed);
    sodium_memzero(seed, sizeof seed);
}

static enum err create_file(const char *path, struct fault *fault)
{
    uint8_t bytes[FILE_BYTES];
    memcpy(bytes, magic, sizeof magic);
    randombytes_buf(bytes + sizeof magic, MASTER_BYTES);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? ERR_OK
                               : fault_set(fault, ERR_STORE_KEY, "cannot make the key file %s: %s",
                                           path, strerror(errno));
    bool ok = write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes && fsync(fd) == 0;
    int failed = errno;
    close(fd);
    sodium_memzero(bytes, sizeof bytes);
    if (ok)
        return ERR_OK;
    unlink(path);
    return fault_set(fault, failed == ENOSPC ? ERR_STORE_FULL : ERR_STORE_KEY,
                     "cannot write the key file %s: %s", path, strerror(failed));
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

enum err keys_load(const char *path, bool create, struct register_keys *out, struct fault *fault)
{
    uint8_t master[MASTER_BYTES];
    if (sodium_init() < 0)
        return fault_set(fault, ERR_STORE_KEY, "libsodium does not start");
    if (!path) {
        randombytes_buf(master, sizeof master);
    } else {
        char file[PATH_BYTES];
        if (snprintf(file, sizeof file, "%s.key", path) >= (int)sizeof file)
            return fault_set(fault, ERR_STORE_KEY, "the register's path is too long");
        enum err err = create ? create_file(file, fault) : ERR_OK;
        if (!err)
            err = read_file(file, master, fault);
        if (err)
            return err;
    }
    derive(master, out);
    sodium_memzero(master, sizeof master);
    return ERR_OK;
}
