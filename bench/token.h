/* What upstream.c writes and load.c expects: the text of the n-th token of a reply.
 *
 * " 123:0000001764107234", a counter that starts again after BLOCK tokens and the
 * microseconds of CLOCK_MONOTONIC at which the token was written (all zero at full
 * speed), then an ending. Some endings need escapes in JSON, some are not ASCII. */
#pragma once

#include <stdint.h>
#include <time.h>

enum { BLOCK = 1000, CLOCK_DIGITS = 16, ENDINGS = 8 };
#define TOKEN " %03d:%016d" /* counter, clock */

static const char *const ending[ENDINGS] = {"", "\n",       "", "\"q\"",
                                            "", "\xc3\xa9", "", "\\"};
static const char *const ending_json[ENDINGS] = {"", "\\n",      "", "\\\"q\\\"",
                                                 "", "\xc3\xa9", "", "\\\\"};

static inline uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
