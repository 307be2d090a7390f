/* The upstream of the benchmark: a stand-in for Cerebras, much faster than any relay.
 *
 * One thread, one epoll. Events are rendered before the first request: a reply at full
 * speed is written from them without a copy, a paced one copies an event and sets its
 * clock. Key order and framing are those of real captures: one event per HTTP chunk, a
 * role first, finish_reason, usage and time_info last, then [DONE].
 *
 * The user message states the reply, so that it passes through every relay:
 *     bench: tokens=1000 pace=500 mute=-1 stream=1 id=7;
 * tokens  of the reply
 * pace    tokens per second, 0: as fast as possible
 * mute    send nothing more after so many tokens; 0: not even the head
 * stream  0: a whole reply
 * id      of the reply: GET /closed?id=7 returns when its connection was closed
 *
 *     upstream PORT
 *
 * It also has GET /v1/models, which Cerellama needs to start, and GET /counts. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "token.h"

#define ID "chatcmpl-38aef496-e471-49d5-a302-935a4387c86b"
#define START "data: {\"id\":\"" ID "\",\"choices\":[{\"delta\":{"
#define CREATED                                                                        \
    "\"created\":1780977002,\"model\":\"gpt-oss-120b\","                               \
    "\"system_fingerprint\":\"fp_46358675aa6b1ba4d98d\",\"object\":"
#define CHUNK CREATED "\"chat.completion.chunk\""
#define USAGE                                                                          \
    "\"usage\":{\"total_tokens\":%ld,\"completion_tokens\":%ld,"                       \
    "\"completion_tokens_details\":{\"accepted_prediction_tokens\":0,"                 \
    "\"rejected_prediction_tokens\":0,\"reasoning_tokens\":0},\"prompt_tokens\":80,"   \
    "\"prompt_tokens_details\":{\"cached_tokens\":0}},"                                \
    "\"time_info\":{\"created\":1780977002.505653,\"queue_time\":0.004083076,"         \
    "\"prompt_time\":0.002048384,\"completion_time\":0.016805376,"                     \
    "\"total_time\":0.026249408721923828}"
#define HEADERS                                                                        \
    "Date: Tue, 09 Jun 2026 03:50:02 GMT\r\nServer: cloudflare\r\n"                    \
    "Inference-Id: " ID "\r\nX-Content-Type-Options: nosniff\r\n"                      \
    "x-ratelimit-limit-requests-day: 1440000000\r\n"                                   \
    "x-ratelimit-limit-tokens-minute: 1000000000\r\n"                                  \
    "x-ratelimit-remaining-requests-day: 1439999999\r\n"                               \
    "x-ratelimit-remaining-tokens-minute: 999999999\r\n"                               \
    "x-ratelimit-reset-requests-day: 33011.382867097854614\r\n"                        \
    "x-ratelimit-reset-tokens-minute: 11.382867097854614\r\n"
#define MODELS                                                                         \
    "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-oss-120b\",\"object\":\"model\","    \
    "\"created\":1754352000,\"owned_by\":\"OpenAI\"}]}"

enum { EVENTS = 256, EVENT_SIZE = 512, AT_ONCE = 16, CLOSED = 4096, LONGEST = 100000 };

struct reply {
    long tokens, pace, mute, stream, id;
};

struct conn {
    int fd, timer;                          /* timer: -1 without a pace */
    enum { IDLE, ANSWERING, ENDING } state; /* ENDING: all of it is queued */
    bool begun, blocked; /* blocked: waits until the socket is writable */
    struct reply reply;
    long due, sent; /* tokens: due by now, and sent */
    struct iovec out[3];
    int out_n;
    char *in;
    size_t in_len, in_size;
    char own[(AT_ONCE + 6) * EVENT_SIZE]; /* the part of `out` that is not shared */
    struct conn *next_dead;
};

static char block[BLOCK * EVENT_SIZE], head[4096], *text;
static size_t event_at[BLOCK + 1], clock_in[BLOCK], text_at[BLOCK + 1], head_len;
static struct {
    long id;
    uint64_t ns;
} closed[CLOSED];
static long connections;
static struct conn *dead;
static int epoll;

/* -- Rendering ------------------------------------------------------------------- */

static size_t http_chunk(char *to, const char *event)
{
    return (size_t)sprintf(to, "%zx\r\n%s\r\n", strlen(event), event);
}

static void render_events(void)
{
    char event[EVENT_SIZE], token[64];
    char *at = block;
    for (int i = 0; i < BLOCK; i++) {
        event_at[i] = (size_t)(at - block);
        int n = sprintf(token, TOKEN, i, 0);
        sprintf(event, START "\"content\":\"%s%s\"},\"index\":0}]," CHUNK "}\n\n",
                token, ending_json[i % ENDINGS]);
        char *from = at;
        at += http_chunk(at, event);
        clock_in[i] = (size_t)(strstr(from, token) - from) + (size_t)n - CLOCK_DIGITS;
    }
    event_at[BLOCK] = (size_t)(at - block);
    head_len =
        (size_t)sprintf(head, "HTTP/1.1 200 OK\r\n" HEADERS
                              "Content-Type: text/event-stream; charset=utf-8\r\n"
                              "Transfer-Encoding: chunked\r\n\r\n");
    head_len += http_chunk(head + head_len, START
                           "\"role\":\"assistant\"},\"index\":0}]," CHUNK "}\n\n");
}

/* Render the text of the longest reply, escaped for JSON. */
static void render_text(void)
{
    char *at = text = malloc((size_t)LONGEST * 64);
    for (int i = 0; i <= BLOCK; i++) {
        text_at[i] = (size_t)(at - text);
        at += sprintf(at, TOKEN "%s", i, 0, ending_json[i % ENDINGS]);
    }
    for (size_t n = text_at[BLOCK], i = 1; i < LONGEST / BLOCK; i++)
        memcpy(text + i * n, text, n);
}

static size_t tail(char *to, long tokens)
{
    char event[1024];
    sprintf(event,
            START "},\"finish_reason\":\"stop\",\"index\":0}]," CHUNK "," USAGE "}\n\n",
            80 + tokens, tokens);
    size_t n = http_chunk(to, event);
    n += http_chunk(to + n, "data: [DONE]\n\n");
    return n + (size_t)sprintf(to + n, "0\r\n\r\n");
}

/* -- Writing --------------------------------------------------------------------- */

static void watch(struct conn *c, bool writable)
{
    struct epoll_event e = {EPOLLIN | EPOLLRDHUP | (writable ? EPOLLOUT : 0),
                            {.ptr = c}};
    epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
    c->blocked = writable;
}

static void stop_timer(struct conn *c)
{
    if (c->timer >= 0)
        close(c->timer);
    c->timer = -1;
}

/* Close a connection; pending events may point to it, so it is freed after them. */
static void drop(struct conn *c)
{
    if (c->state != IDLE && c->reply.id) {
        closed[c->reply.id % CLOSED].id = c->reply.id;
        closed[c->reply.id % CLOSED].ns = now_ns();
    }
    stop_timer(c);
    close(c->fd);
    c->fd = -1;
    c->next_dead = dead;
    dead = c;
}

static void add(struct conn *c, const char *bytes, size_t n)
{
    c->out[c->out_n++] = (struct iovec){(char *)bytes, n};
}

static void written(struct conn *c, size_t n)
{
    int whole = 0;
    for (; whole < c->out_n && n >= c->out[whole].iov_len; whole++)
        n -= c->out[whole].iov_len;
    c->out_n -= whole;
    memmove(c->out, c->out + whole, (size_t)c->out_n * sizeof *c->out);
    c->out[0].iov_base = (char *)c->out[0].iov_base + n;
    c->out[0].iov_len -= n;
}

/* Write the queue; return false if a part must wait or the connection is closed. */
static bool flush(struct conn *c)
{
    while (c->out_n) {
        ssize_t n = writev(c->fd, c->out, c->out_n);
        if (n < 0 && errno != EAGAIN)
            drop(c);
        else if (n < 0 && !c->blocked)
            watch(c, true);
        if (n < 0)
            return false;
        written(c, (size_t)n);
    }
    if (c->blocked)
        watch(c, false);
    return true;
}

/* Queue copies of the next events with the current clock. */
static void queue_paced(struct conn *c, long n)
{
    char stamp[32], *to = c->own;
    sprintf(stamp, "%0*lu", CLOCK_DIGITS, (unsigned long)(now_ns() / 1000));
    for (long last = c->sent + n; c->sent < last; c->sent++) {
        size_t i = (size_t)c->sent % BLOCK, size = event_at[i + 1] - event_at[i];
        memcpy(to, block + event_at[i], size);
        memcpy(to + clock_in[i], stamp, CLOCK_DIGITS);
        to += size;
    }
    add(c, c->own, (size_t)(to - c->own));
}

static void queue_fast(struct conn *c, long n)
{
    long first = c->sent % BLOCK;
    n = n < BLOCK - first ? n : BLOCK - first;
    add(c, block + event_at[first], event_at[first + n] - event_at[first]);
    c->sent += n;
}

/* Queue the events that are due; return false if there are none. */
static bool queue_due(struct conn *c)
{
    const struct reply *r = &c->reply;
    long limit = r->mute >= 0 ? r->mute : r->tokens;
    long n = (r->pace && c->due < limit ? c->due : limit) - c->sent;
    if (!c->begun && r->mute)
        add(c, head, head_len);
    c->begun = true;
    if (n > 0 && r->pace)
        queue_paced(c, n < AT_ONCE ? n : AT_ONCE);
    else if (n > 0)
        queue_fast(c, n);
    if (c->sent == r->tokens) {
        char *end = c->own + AT_ONCE * EVENT_SIZE;
        add(c, end, tail(end, r->tokens));
        c->state = ENDING;
    }
    return c->out_n;
}

static void pump(struct conn *c)
{
    while (flush(c)) {
        if (c->state == ENDING) {
            stop_timer(c);
            c->state = IDLE;
        }
        if (c->state == IDLE || !queue_due(c))
            return;
    }
}

/* -- Answers --------------------------------------------------------------------- */

/* Queue a whole response with a body of three parts. */
static void answer(struct conn *c, const char *before, const char *middle, size_t n,
                   const char *after)
{
    int size =
        sprintf(c->own,
                "HTTP/1.1 200 OK\r\n" HEADERS "Content-Type: application/json\r\n"
                "Content-Length: %zu\r\n\r\n%s",
                strlen(before) + n + strlen(after), before);
    add(c, c->own, (size_t)size);
    add(c, middle, n);
    add(c, strcpy(c->own + size, after), strlen(after));
    c->state = ENDING;
}

static void answer_whole(struct conn *c)
{
    long n = c->reply.tokens;
    char after[1024];
    sprintf(after,
            "\",\"role\":\"assistant\"}}]," CREATED "\"chat.completion\"," USAGE "}",
            80 + n, n);
    size_t size = (size_t)(n / BLOCK) * text_at[BLOCK] + text_at[n % BLOCK];
    answer(c,
           "{\"id\":\"" ID "\",\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,"
           "\"message\":{\"content\":\"",
           text, size, after);
}

static void start_timer(struct conn *c)
{
    long gap = 1000000000 / c->reply.pace;
    long turn = gap < 20000000 ? gap : 20000000; /* spread the streams */
    long first = connections * 7919 % 16 * turn / 16 + 1;
    struct itimerspec when = {{gap / 1000000000, gap % 1000000000},
                              {first / 1000000000, first % 1000000000}};
    c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    timerfd_settime(c->timer, 0, &when, NULL);
    struct epoll_event e = {EPOLLIN, {.ptr = (char *)c + 1}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->timer, &e);
}

static long option(const char *options, const char *name, long fallback)
{
    const char *value = strstr(options, name);
    return value ? atol(value + strlen(name)) : fallback;
}

static void answer_chat(struct conn *c, const char *body, size_t n)
{
    char options[256] = "";
    const char *from = memmem(body, n, "bench:", 6);
    const char *to = from ? memchr(from, ';', n - (size_t)(from - body)) : NULL;
    if (to && (size_t)(to - from) < sizeof options)
        memcpy(options, from, (size_t)(to - from));
    c->reply = (struct reply){
        .tokens = option(options, "tokens=", 20),
        .pace = option(options, "pace=", 0),
        .mute = option(options, "mute=", -1),
        .stream = option(options, "stream=", 1),
        .id = option(options, "id=", 0),
    };
    c->begun = false;
    c->due = c->sent = 0;
    c->state = ANSWERING;
    if (!c->reply.stream)
        answer_whole(c);
    else if (c->reply.pace)
        start_timer(c);
}

static void answer_get(struct conn *c, const char *path)
{
    char body[128] = MODELS;
    if (strncmp(path, "/counts", 7) == 0)
        sprintf(body, "{\"connections\":%ld}", connections);
    long id = strncmp(path, "/closed?id=", 11) == 0 ? atol(path + 11) : 0;
    if (id)
        sprintf(body, "{\"closed_ns\":%lu}",
                closed[id % CLOSED].id == id ? (unsigned long)closed[id % CLOSED].ns
                                             : 0);
    answer(c, body, "", 0, "");
}

/* -- Reading --------------------------------------------------------------------- */

/* Answer the request in `in`, if it is complete. */
static void take_request(struct conn *c)
{
    c->in[c->in_len] = 0;
    char *end = strstr(c->in, "\r\n\r\n");
    if (!end || c->state != IDLE)
        return;
    const char *length = strcasestr(c->in, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    size_t size = (size_t)(end + 4 - c->in) + body;
    if (c->in_len < size)
        return;
    if (strncmp(c->in, "GET ", 4) == 0)
        answer_get(c, c->in + 4);
    else
        answer_chat(c, end + 4, body);
    c->in_len -= size;
    memmove(c->in, c->in + size, c->in_len);
}

static void readable(struct conn *c)
{
    if (c->in_size - c->in_len < 16384)
        c->in = realloc(c->in, c->in_size += 32768);
    ssize_t n =
        recv(c->fd, c->in + c->in_len, c->in_size - c->in_len - 1, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        drop(c);
    } else if (n > 0) {
        c->in_len += (size_t)n;
        take_request(c);
        pump(c);
    }
}

static void tick(struct conn *c)
{
    uint64_t n;
    if (read(c->timer, &n, sizeof n) == sizeof n) {
        c->due += (long)n;
        if (!c->blocked)
            pump(c);
    }
}

static void accept_all(int listener)
{
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        struct conn *c = calloc(1, sizeof *c);
        c->fd = fd;
        c->timer = -1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        struct epoll_event e = {EPOLLIN | EPOLLRDHUP, {.ptr = c}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
        connections++;
    }
}

static void handle(struct epoll_event *e)
{
    bool is_timer = (uintptr_t)e->data.ptr & 1;
    struct conn *c = (struct conn *)((char *)e->data.ptr - is_timer);
    if (c->fd >= 0 && is_timer && c->timer >= 0)
        tick(c);
    if (c->fd >= 0 && !is_timer && e->events & EPOLLOUT)
        pump(c);
    if (c->fd >= 0 && !is_timer && e->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        drop(c);
    else if (c->fd >= 0 && !is_timer && e->events & EPOLLIN)
        readable(c);
}

static int listen_at(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 8192))
        perror("listen"), exit(1);
    return fd;
}

int main(int argc, char **argv)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    render_events();
    render_text();
    epoll = epoll_create1(0);
    int listener = listen_at(argc > 1 ? atoi(argv[1]) : 0);
    struct epoll_event e = {EPOLLIN, {.ptr = NULL}}, events[EVENTS];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr)
                handle(&events[i]);
            else
                accept_all(listener);
        for (struct conn *c; (c = dead); free(c->in), free(c))
            dead = c->next_dead;
    }
}
