/* SPDX-License-Identifier: Apache-2.0
 *
 * replay_main - gives every file of the named directories to a fuzz target, once, without a
 * fuzzer: how `make test` replays the corpora with any compiler. Prints TAP, one test a
 * directory; a target that dies on an input dies after naming it. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

/* False when the file cannot be read. */
static bool replay_file(const char *path, uint8_t *room)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    size_t n = fread(room, 1, INPUT_MAX, f);
    bool bad = ferror(f) != 0;
    fclose(f);
    if (bad)
        return false;
    /* An exact copy, so that a sanitizer sees a read past the end. */
    uint8_t *data = malloc(n ? n : 1);
    if (!data)
        return false;
    memcpy(data, room, n);
    LLVMFuzzerTestOneInput(data, n);
    free(data);
    return true;
}

/* Count of files given to the target, -1 when one could not be read. */
static int replay_dir(const char *dir, uint8_t *room)
{
    DIR *d = opendir(dir);
    if (!d)
        return -1;
    int n = 0;
    struct dirent *e;
    while (n >= 0 && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        printf("# %s\n", path);
        fflush(stdout);
        n = replay_file(path, room) ? n + 1 : -1;
    }
    closedir(d);
    return n;
}

int main(int argc, char **argv)
{
    uint8_t *room = malloc(INPUT_MAX);
    if (!room)
        return 2;
    int failed = 0;
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        int n = replay_dir(argv[i], room);
        printf("%sok %d - replay %s, %d inputs\n", n < 0 ? "not " : "", i, argv[i], n);
        failed += n < 0;
    }
    free(room);
    return failed ? 1 : 0;
}
