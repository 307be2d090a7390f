/* The load generator: clients that send requests and check every token of the replies.
 *
 * One thread, one epoll. Each client sends the same request, reads the reply, and
 * repeats until the time is up; replies that have begun are read to their end, unless
 * SIGTERM ends the program. Every token is compared with what upstream.c wrote, and
 * every reply must end as its dialect requires, with the correct token count.
 *
 *     load port=6000 path=/api/chat dialect=native body=FILE tokens=1000 \
 *          clients=8 seconds=1 [opening=N]
 * dialect  native, openai, anthropic, or whole: one JSON object, whatever its keys
 * opening  the number of clients that may wait for their first token at the same time
 *
 * It prints "ready" when every client got a token, and one JSON object at the end;
 * times are in microseconds. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "token.h"

enum { EVENTS = 256, READ_SIZE = 1 << 18, TIMEOUT_S = 30 };

/* The keys of text and token count of a dialect, and the mark of a reply's end. */
static const struct dialect {
    const char *name, *text, *count, *end;
} dialects[] = {
    {"native", "\"content\":", "\"eval_count\":", "\"done_reason\":"},
    {"openai", "\"content\":", "\"completion_tokens\":", "data: [DONE]"},
    {"anthropic", "\"text\":", "\"output_tokens\":", "\"message_stop\""},
    {"whole", "\"content\":", NULL, NULL},
};

struct client {
    int fd;
    enum { HEAD, SIZE, DATA, DATA_END, BODY } state;
    size_t left; /* bytes of the HTTP chunk or of the body */
    bool last_chunk, ended, ready;
    char *held; /* an incomplete line or head */
    size_t held_len, held_size;
    long tokens, counted;
    uint64_t sent, last; /* times of the request and of the last token */
};

struct samples {
    uint32_t *us;
    size_t n, size;
};

static struct {
    int port, clients, opening;
    long tokens;
    double seconds;
    const struct dialect *dialect;
} options = {.clients = 1, .seconds = 1, .tokens = 20, .dialect = dialects};

static char *request;
static size_t request_len;
static struct client *clients;
static struct samples first_token, latency, gap, reply_time;
static long replies, chunks, errors;
static int epoll, started, readied, active;
static uint64_t first_request, last_byte, first_chunk, last_chunk;
static char first_error[256];
static volatile sig_atomic_t terminated;

/* -- Figures --------------------------------------------------------------------- */

static void sample(struct samples *s, uint64_t ns)
{
    if (s->n == s->size)
        s->us =
            realloc(s->us, (s->size = s->size ? 2 * s->size : 4096) * sizeof *s->us);
    s->us[s->n++] = (uint32_t)(ns / 1000);
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void print_samples(const char *name, struct samples *s)
{
    qsort(s->us, s->n, sizeof *s->us, ascending);
    if (s->n)
        printf(",\"%s_p50\":%u,\"%s_p99\":%u,\"%s_max\":%u", name, s->us[s->n / 2],
               name, s->us[s->n * 99 / 100], name, s->us[s->n - 1]);
}

static void report(void)
{
    double streamed = (double)(last_chunk - first_chunk) / 1e9;
    double took = (double)(last_byte - first_request) / 1e9;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf(
        "{\"replies\":%ld,\"chunks\":%ld,\"errors\":%ld,\"error\":\"%s\",\"ready\":%d",
        replies, chunks, errors, first_error, readied);
    printf(",\"seconds\":%.6f,\"chunks_s\":%.1f,\"replies_s\":%.1f,\"load_cpu_s\":%.6f",
           took, streamed > 0 ? (double)chunks / streamed : 0,
           took > 0 ? (double)replies / took : 0,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
               + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    print_samples("ttft", &first_token);
    print_samples("lat", &latency);
    print_samples("gap", &gap);
    print_samples("reply", &reply_time);
    puts("}");
}

/* -- Clients --------------------------------------------------------------------- */

static void start(struct client *c, uint64_t now)
{
    c->state = HEAD;
    c->held_len = 0;
    c->tokens = c->counted = 0;
    c->ended = c->last_chunk = false;
    c->sent = c->last = now;
    if (send(c->fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len)
        perror("send"), exit(1);
}

static void stop(struct client *c)
{
    close(c->fd);
    c->fd = -1;
    active--;
}

static void open_client(struct client *c)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)options.port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to))
        perror("connect"), exit(1);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct epoll_event e = {EPOLLIN, {.ptr = c}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e);
    started++, active++;
    start(c, now_ns());
}

__attribute__((format(printf, 2, 3))) static void fail(struct client *c,
                                                       const char *why, ...)
{
    va_list args;
    va_start(args, why);
    if (!errors++)
        vsnprintf(first_error, sizeof first_error, why, args);
    va_end(args);
    stop(c);
}

static bool time_is_up(uint64_t now)
{
    return terminated || (double)(now - first_request) > options.seconds * 1e9;
}

static void finish(struct client *c, uint64_t now)
{
    if (c->tokens != options.tokens)
        return fail(c, "%ld tokens came, not %ld", c->tokens, options.tokens);
    if (options.dialect->end && (!c->ended || c->counted != options.tokens))
        return fail(c, "ended: %d, counted %ld tokens, not %ld", c->ended, c->counted,
                    options.tokens);
    replies++;
    sample(&reply_time, now - c->sent);
    if (time_is_up(now))
        stop(c);
    else
        start(c, now);
}

/* -- Texts ----------------------------------------------------------------------- */

/* Return the start of a key's value, or NULL. */
static const char *value(const char *json, size_t n, const char *key)
{
    const char *at = memmem(json, n, key, strlen(key));
    if (!at)
        return NULL;
    for (at += strlen(key); at < json + n && *at == ' '; at++)
        ;
    return at < json + n ? at : NULL;
}

/* Undo the escapes of a JSON string in place; return its length. */
static size_t unescape(char *s, const char *end)
{
    static const char from[] = "nrtbf", into[] = "\n\r\t\b\f";
    char *to = s;
    for (const char *at = s; at < end && *at != '"'; at++) {
        const char *known;
        unsigned point;
        if (*at != '\\') {
            *to++ = *at;
        } else if (*++at == 'u' && sscanf(at + 1, "%4x", &point) == 1) {
            if (point >= 0x80)
                *to++ = (char)(0xc0 | point >> 6);
            *to++ = (char)(point < 0x80 ? point : 0x80 | (point & 0x3f));
            at += 4;
        } else {
            *to++ = (known = strchr(from, *at)) ? into[known - from] : *at;
        }
    }
    return (size_t)(to - s);
}

/* Return the clock in a token, or -1 if it is not the expected token. */
static int64_t read_token(const char *text, size_t n, long number, size_t *size)
{
    const char *last = ending[number % ENDINGS];
    size_t last_len = strlen(last);
    int64_t clock = 0;
    long i = number % BLOCK;
    const char counter[] = {' ', (char)('0' + i / 100), (char)('0' + i / 10 % 10),
                            (char)('0' + i % 10), ':'};
    *size = sizeof counter + CLOCK_DIGITS + last_len;
    if (n < *size || memcmp(text, counter, sizeof counter) != 0
        || memcmp(text + *size - last_len, last, last_len) != 0)
        return -1;
    for (int k = 0; k < CLOCK_DIGITS; k++)
        clock = 10 * clock + (text[sizeof counter + (size_t)k] - '0');
    return clock;
}

static void count_token(struct client *c, int64_t clock, uint64_t now)
{
    if (c->tokens++ == 0)
        sample(&first_token, now - c->sent);
    else if (clock)
        sample(&gap, now - c->last);
    if (clock)
        sample(&latency,
               now > (uint64_t)clock * 1000 ? now - (uint64_t)clock * 1000 : 0);
    if (!c->ready) {
        c->ready = true;
        if (++readied == options.clients)
            puts("ready"), fflush(stdout);
    }
    if (!first_chunk)
        first_chunk = now;
    c->last = last_chunk = now;
    chunks++;
}

/* Check and count the tokens of a JSON string; return false for a wrong one. */
static bool take_text(struct client *c, char *json, const char *end, uint64_t now)
{
    size_t n = unescape(json, end), size;
    for (; n; n -= size, json += size) {
        int64_t clock = read_token(json, n, c->tokens, &size);
        if (clock < 0) {
            fail(c, "token %ld is not what was sent", c->tokens);
            return false;
        }
        count_token(c, clock, now);
    }
    return true;
}

static bool take_line(struct client *c, char *line, size_t n, uint64_t now)
{
    const struct dialect *d = options.dialect;
    char *text = (char *)value(line, n, d->text);
    if (text && *text == '"' && text[1] != '"')
        return take_text(c, text + 1, line + n, now);
    const char *counted = n ? value(line, n, d->count) : NULL;
    if (counted)
        c->counted = atol(counted);
    if (n && memmem(line, n, d->end, strlen(d->end)))
        c->ended = true;
    return true;
}

/* -- HTTP ------------------------------------------------------------------------ */

static void hold(struct client *c, const char *bytes, size_t n)
{
    if (c->held_len + n + 1 > c->held_size)
        c->held = realloc(c->held, c->held_size = 2 * (c->held_len + n) + 256);
    memcpy(c->held + c->held_len, bytes, n);
    c->held_len += n;
    c->held[c->held_len] = 0;
}

/* Take the complete lines of a part of the body; hold the rest. */
static bool take_body(struct client *c, char *at, size_t n, uint64_t now)
{
    char *end = at + n, *newline;
    if (!options.dialect->end) {
        hold(c, at, n);
        return true;
    }
    for (; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
        bool held = c->held_len > 0;
        if (held)
            hold(c, at, (size_t)(newline - at));
        size_t size = held ? c->held_len : (size_t)(newline - at);
        c->held_len = 0;
        if (!take_line(c, held ? c->held : at, size, now))
            return false;
    }
    if (at < end)
        hold(c, at, (size_t)(end - at));
    return true;
}

/* Check the end of a complete body. */
static void take_end(struct client *c, uint64_t now)
{
    char *text = NULL;
    if (!options.dialect->end)
        text = (char *)value(c->held, c->held_len, "\"content\":");
    if (text && !take_text(c, text + 1, c->held + c->held_len, now))
        return;
    finish(c, now);
}

/* Read the framing of the body from the head in `held`. */
static bool take_head(struct client *c)
{
    const char *length = strcasestr(c->held, "\r\ncontent-length:");
    bool chunked = strcasestr(c->held, "\r\ntransfer-encoding: chunked");
    if (strncmp(c->held, "HTTP/1.1 200", 12) != 0 || (!chunked && !length)) {
        fail(c, "answered %.12s, length known: %d", c->held, chunked || length);
        return false;
    }
    c->left = length ? strtoul(length + 17, NULL, 10) : 0;
    c->state = chunked ? SIZE : BODY;
    c->held_len = 0;
    return true;
}

static char *read_head(struct client *c, char *at, char *end)
{
    while (at < end) {
        hold(c, at++, 1);
        if (at[-1] == '\n' && c->held_len >= 4
            && memcmp(c->held + c->held_len - 4, "\r\n\r\n", 4) == 0)
            return take_head(c) ? at : NULL;
    }
    return at;
}

static char *read_size(struct client *c, char *at, char *end)
{
    for (; at < end; at++) {
        if (*at == '\n') {
            c->last_chunk = c->left == 0;
            c->state = c->last_chunk ? DATA_END : DATA;
            return at + 1;
        }
        if (*at != '\r')
            c->left = 16 * c->left + (size_t)((*at & 15) + (*at > '9' ? 9 : 0));
    }
    return at;
}

static char *read_data(struct client *c, char *at, char *end, uint64_t now)
{
    size_t n = c->left < (size_t)(end - at) ? c->left : (size_t)(end - at);
    if (!take_body(c, at, n, now))
        return NULL;
    c->left -= n;
    if (!c->left && c->state == BODY)
        take_end(c, now);
    else if (!c->left)
        c->state = DATA_END;
    return at + n;
}

static char *read_data_end(struct client *c, char *at, char *end, uint64_t now)
{
    for (; at < end; at++) {
        if (*at != '\n')
            continue;
        c->state = SIZE;
        if (c->last_chunk)
            take_end(c, now);
        return at + 1;
    }
    return at;
}

static void readable(struct client *c)
{
    static char buffer[READ_SIZE];
    ssize_t n = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        return fail(c, "the connection was closed after %ld tokens", c->tokens);
    uint64_t now = last_byte = now_ns();
    char *at = buffer, *end = buffer + n;
    while (at && at < end && c->fd >= 0) {
        if (c->state == HEAD)
            at = read_head(c, at, end);
        else if (c->state == SIZE)
            at = read_size(c, at, end);
        else if (c->state == DATA_END)
            at = read_data_end(c, at, end, now);
        else
            at = read_data(c, at, end, now);
    }
}

/* -- The run --------------------------------------------------------------------- */

static void open_some(void)
{
    while (started < options.clients
           && started - readied - (int)errors < options.opening)
        open_client(&clients[started]);
}

/* Run until all clients are done, SIGTERM, or the timeout. */
static void run(void)
{
    struct epoll_event events[EVENTS];
    first_request = now_ns();
    do {
        open_some();
        int n = epoll_wait(epoll, events, EVENTS, 100);
        for (int i = 0; i < n; i++)
            readable(events[i].data.ptr);
        uint64_t now = now_ns();
        if (terminated)
            return;
        if ((double)(now - first_request) > (options.seconds + TIMEOUT_S) * 1e9) {
            for (int i = 0; i < started; i++)
                if (clients[i].fd >= 0)
                    fail(&clients[i], "no end after %d s", TIMEOUT_S);
            return;
        }
    } while (active);
}

static char *read_file(const char *name, size_t *n)
{
    FILE *file = fopen(name, "rb");
    char *bytes = malloc(1 << 20);
    if (!file)
        perror(name), exit(1);
    *n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void make_request(const char *path, const char *body_file)
{
    size_t n;
    char *body = read_file(body_file, &n);
    request = malloc(n + 512);
    request_len = (size_t)sprintf(request,
                                  "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                  "Content-Type: application/json\r\nAccept: */*\r\n"
                                  "User-Agent: load\r\nAuthorization: Bearer bench\r\n"
                                  "Content-Length: %zu\r\n\r\n",
                                  path, options.port, n);
    memcpy(request + request_len, body, n);
    request_len += n;
}

static const char *argument(char **argv, const char *name, const char *fallback)
{
    size_t n = strlen(name);
    for (; *argv; argv++)
        if (strncmp(*argv, name, n) == 0 && (*argv)[n] == '=')
            return *argv + n + 1;
    return fallback;
}

static void on_term(int signal)
{
    terminated = signal;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGTERM, on_term);
    const char *dialect = argument(argv, "dialect", "native");
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strcmp(dialects[i].name, dialect) == 0)
            options.dialect = &dialects[i];
    options.port = atoi(argument(argv, "port", "0"));
    options.clients = atoi(argument(argv, "clients", "1"));
    options.opening = atoi(argument(argv, "opening", "1000000"));
    options.tokens = atol(argument(argv, "tokens", "20"));
    options.seconds = atof(argument(argv, "seconds", "1"));
    make_request(argument(argv, "path", "/api/chat"),
                 argument(argv, "body", "/dev/stdin"));
    clients = calloc((size_t)options.clients, sizeof *clients);
    epoll = epoll_create1(0);
    run();
    report();
    return errors > 0;
}
