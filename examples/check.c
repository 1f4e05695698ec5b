/* SPDX-License-Identifier: Apache-2.0
 *
 * check - asks a Tamga register about IMEIs from the back end of an application, with signed requests: the key
 * itself never travels. A sample to read and to start from.
 *
 *   TAMGA_URL=https://imei.example TAMGA_KEY=tamga_… check IMEI...       up to 1,000
 *   TAMGA_URL=https://imei.example check --number NUMBER                 did the register say so?
 *
 * A line for each IMEI: IMEI, list, reason, last day with service or "-". Ends with 0: all are served;
 * 1: some are not, or the number is none of the register's; 2: no answer.
 * Build: cc -o check check.c -lcurl -lcrypto -ljansson */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

enum { ID = 8, SECRET = 32, TRIES = 4, WAIT_MAX_S = 60, IMEIS_MAX = 1000 };

struct key {
    char id[ID + 1];
    unsigned char secret[SECRET];
};

struct bytes {
    char *p;
    size_t n;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "check: %s: %s\n", what, why);
    exit(2);
}

static void hex(const unsigned char *from, size_t n, char *to)
{
    for (size_t i = 0; i < n; i++)
        snprintf(to + 2 * i, 3, "%02x", from[i]);
}

/* "tamga_ID_SECRET": 8 and 64 hexadecimal digits. */
static struct key read_key(const char *text)
{
    struct key key;
    char id[ID + 1], secret[2 * SECRET + 1];
    if (!text || sscanf(text, "tamga_%8[0-9a-f]_%64[0-9a-f]", id, secret) != 2 ||
        strlen(id) != ID || strlen(secret) != 2 * SECRET)
        die("TAMGA_KEY", "want tamga_ID_SECRET as `tamga user key create --signed` prints it");
    memcpy(key.id, id, sizeof key.id);
    for (size_t i = 0; i < SECRET; i++) {
        char digits[3] = {secret[2 * i], secret[2 * i + 1], '\0'};
        key.secret[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return key;
}

/* The header Authorization: six lines are signed, each with a line feed behind it. */
static void sign(const struct key *key, const char *method, const char *target, const char *body,
                 char *out, size_t size)
{
    unsigned char random[12], hash[SHA256_DIGEST_LENGTH], mac[SHA256_DIGEST_LENGTH];
    char nonce[2 * sizeof random + 1], digest[2 * sizeof hash + 1], signature[2 * sizeof mac + 1];
    char lines[1024];
    long long now = (long long)time(NULL);
    if (RAND_bytes(random, sizeof random) != 1)
        die("nonce", "no random bytes");
    hex(random, sizeof random, nonce);
    SHA256((const unsigned char *)body, strlen(body), hash);
    hex(hash, sizeof hash, digest);
    int n = snprintf(lines, sizeof lines, "TAMGA1\n%s\n%s\n%lld\n%s\n%s\n", method, target, now,
                     nonce, digest);
    if (n < 0 || n >= (int)sizeof lines)
        die("request", "the target is too long");
    unsigned mac_bytes = sizeof mac;
    HMAC(EVP_sha256(), key->secret, SECRET, (const unsigned char *)lines, (size_t)n, mac,
         &mac_bytes);
    hex(mac, sizeof mac, signature);
    snprintf(out, size,
             "Authorization: Tamga-HMAC-SHA256 key=%s, time=%lld, nonce=%s, signature=%s", key->id,
             now, nonce, signature);
}

static size_t take(char *p, size_t one, size_t n, void *to)
{
    struct bytes *body = to;
    char *grown = realloc(body->p, body->n + n * one + 1);
    if (!grown)
        return 0;
    memcpy(grown + body->n, p, n * one);
    body->p = grown;
    body->n += n * one;
    grown[body->n] = '\0';
    return n * one;
}

/* One request; its answer as JSON, its status and how long to wait before the next. */
static json_t *request_once(const char *url, const struct key *key, const char *target,
                            const char *body, long *out_status, long *out_wait_s)
{
    char address[512], authorization[512];
    struct bytes got = {0};
    curl_off_t wait = 0;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Accept-Language: en");
    if (!curl || snprintf(address, sizeof address, "%s%s", url, target) >= (int)sizeof address)
        die("request", "the address is too long");
    if (key) {
        sign(key, body ? "POST" : "GET", target, body ? body : "", authorization,
             sizeof authorization);
        headers = curl_slist_append(headers, authorization);
    }
    if (body) {
        headers = curl_slist_append(headers, "Content-Type: application/json");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &got);
    CURLcode code = curl_easy_perform(curl);
    if (code)
        die(url, curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, out_status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
    *out_wait_s = (long)wait;
    json_t *answer = json_loads(got.p ? got.p : "", 0, NULL);
    free(got.p);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return answer;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "-";
}

/* Asks again, with a new signature, after 429 and 503, as the register says when. */
static json_t *request(const char *url, const struct key *key, const char *target, const char *body)
{
    for (int i = 1;; i++) {
        long status, wait_s;
        json_t *answer = request_once(url, key, target, body, &status, &wait_s);
        if (status == 200 && answer)
            return answer;
        if ((status != 429 && status != 503) || i == TRIES || wait_s > WAIT_MAX_S) {
            fprintf(stderr, "check: %ld %s: %s\n", status, text_of(answer, "reason"),
                    text_of(answer, "title"));
            exit(2);
        }
        fprintf(stderr, "check: the register is busy, again in %ld s\n", wait_s ? wait_s : 1);
        json_decref(answer);
        sleep(wait_s ? (unsigned)wait_s : 1);
    }
}

/* One answer as a line; is the device served? */
static int print_answer(const json_t *answer)
{
    if (json_object_get(answer, "error")) {
        printf("%s\t%s\n", text_of(answer, "input"), text_of(answer, "error"));
        return 0;
    }
    printf("%s\t%s\t%s\t%s\n", text_of(answer, "imei"), text_of(answer, "list"),
           text_of(answer, "reason"), text_of(answer, "deadline"));
    return json_is_true(json_object_get(answer, "served"));
}

static int check_number(const char *url, const char *number)
{
    char target[256];
    char *escaped = curl_easy_escape(NULL, number, 0);
    if (!escaped ||
        snprintf(target, sizeof target, "/api/v1/check-number/%s", escaped) >= (int)sizeof target)
        die("--number", "too long");
    curl_free(escaped);
    json_t *answer = request(url, NULL, target, NULL);
    int genuine = json_is_true(json_object_get(answer, "genuine"));
    if (genuine)
        printf("genuine\t%s\t%s\t%s\n", text_of(answer, "checked_at"), text_of(answer, "list"),
               text_of(answer, "reason"));
    else
        puts("not genuine");
    json_decref(answer);
    return genuine ? 0 : 1;
}

static int check_imeis(const char *url, char **imeis, int n)
{
    struct key key = read_key(getenv("TAMGA_KEY"));
    json_t *list = json_array();
    for (int i = 0; i < n; i++)
        if (json_array_append_new(list, json_string(imeis[i])))
            die("request", "an IMEI is no text");
    json_t *asked = json_pack("{s:o}", "imei", list);
    char *body = json_dumps(asked, JSON_COMPACT);
    if (!body)
        die("request", "no memory");
    json_t *got = request(url, &key, "/api/v1/check", body), *answer;
    size_t i;
    int served = 0;
    json_array_foreach(json_object_get(got, "answers"), i, answer) served += print_answer(answer);
    json_decref(got);
    json_decref(asked);
    free(body);
    return served == n ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *url = getenv("TAMGA_URL");
    if (!url || argc < 2 || argc - 1 > IMEIS_MAX) {
        fputs("usage: TAMGA_URL=... TAMGA_KEY=... check IMEI... | --number NUMBER\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (strcmp(argv[1], "--number") == 0 && argc == 3)
        return check_number(url, argv[2]);
    return check_imeis(url, argv + 1, argc - 1);
}
