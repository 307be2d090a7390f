/* The text of the n-th token of a reply, which upstream.c writes and load.c checks.
 *
 * " 123:0000001764107234": a counter that restarts after BLOCK tokens, the time of
 * writing in microseconds of CLOCK_MONOTONIC (zero at full speed), and an ending. Some
 * endings need escapes in JSON, some are not ASCII. */
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
